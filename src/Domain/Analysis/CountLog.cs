namespace Sluice.Domain.Analysis;

/// <summary>
/// Collects rows for a <see cref="CountSeries"/>, oldest first. Thousands of soaks do so at once for hours: a row takes about 100 bytes here and
/// ten times as much as an object.
/// </summary>
public sealed class CountLog
{
    private byte[] _packed = [];
    private SeriesRow? _last;
    private long _packedTo;

    /// <summary>Takes the next row.</summary>
    public void Add(SeriesRow row)
    {
        if (_last is { } last && CountSeries.AreOne(last, row))
        {
            _last = CountSeries.Together(last, row);
            return;
        }

        if (_last is not null)
        {
            using var packed = new MemoryStream();
            CountSeries.Row(packed, _last, ref _packedTo);
            _packed = [.. _packed, .. packed.ToArray()];
        }

        _last = row;
    }

    /// <summary>As <see cref="CountSeries.Write"/> writes them; empty when there are none.</summary>
    public string Write() => _last is { } last ? CountSeries.Write([.. Packed(), last]) : "";

    private List<SeriesRow> Packed()
    {
        var (rows, to) = (new List<SeriesRow>(), 0L);
        using var packed = new MemoryStream(_packed);
        while (packed.Position < packed.Length)
        {
            rows.Add(CountSeries.Row(packed, ref to));
        }

        return rows;
    }
}
