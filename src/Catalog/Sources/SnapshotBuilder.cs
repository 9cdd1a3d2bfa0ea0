using System.Runtime.InteropServices;
using System.Text.Json;

namespace Sluice.Catalog.Sources;

/// <summary>Collects the rows of one reading: each id once, refused rows with why.</summary>
/// <param name="source">Which source.</param>
internal sealed class SnapshotBuilder(string source)
{
    private readonly Dictionary<OfferId, (Listing Listing, decimal Newness)> _listings = [];
    private readonly Dictionary<string, Benchmark> _benchmarks = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Popularity> _popularity = new(StringComparer.Ordinal);
    private readonly Dictionary<OfferId, RowFault> _faults = [];
    private int _fetched;

    /// <summary>Takes an offer. Of an id that comes twice the newest counts, and of equally new ones the first.</summary>
    public void Add(string provider, string id, JsonElement row, Func<OfferId, RawRow, (Listing Listing, decimal Newness)> read) =>
        Take(provider, id, row, () =>
        {
            if (!OfferId.TryParse($"{provider}/{id}", out var offer))
            {
                throw new FormatException($"the id is empty, has control characters or is longer than {OfferId.MaxLength} characters");
            }

            var candidate = read(offer, RawRow.Of(row));
            if (!_listings.TryGetValue(offer, out var known) || candidate.Newness > known.Newness)
            {
                _listings[offer] = candidate;
            }
        });

    /// <summary>Takes an offer that comes once.</summary>
    public void Add(string provider, string id, JsonElement row, Func<OfferId, RawRow, Listing> read) =>
        Add(provider, id, row, (offer, raw) => (read(offer, raw), 0));

    /// <summary>Takes a measurement.</summary>
    public void Add(JsonElement row, Func<RawRow, Benchmark> read) => Take(source, IdOf(row), row, () =>
    {
        var benchmark = read(RawRow.Of(row));
        _benchmarks.TryAdd(benchmark.Id, benchmark);
    });

    /// <summary>Takes a popularity.</summary>
    public void Add(JsonElement row, Func<RawRow, Popularity> read) => Take(source, IdOf(row), row, () =>
    {
        var popularity = read(RawRow.Of(row));
        _popularity.TryAdd(popularity.Id, popularity);
    });

    /// <summary>Takes an offer whose id is one of its fields.</summary>
    public void AddById(string provider, string field, JsonElement row, Func<OfferId, RawRow, (Listing Listing, decimal Newness)> read)
    {
        if (IdOf(row, field) is { Length: > 0 } id)
        {
            Add(provider, id, row, read);
        }
        else
        {
            Take(provider, "", row, () => throw new FormatException($"{field} is missing or no text"));
        }
    }

    public SourceSnapshot Build(DateOnly? verifiedOn = null) => new(
        source,
        [.. _listings.Values.Select(entry => entry.Listing)],
        [.. _benchmarks.Values],
        [.. _popularity.Values],
        [.. _faults.Values.Where(fault => !_listings.ContainsKey(fault.Id))])
    {
        Fetched = _fetched,
        VerifiedOn = verifiedOn,
    };

    private static string IdOf(JsonElement row, string field = "id") =>
        row.Field(field) is { ValueKind: JsonValueKind.String } id ? id.GetString()! : "";

    private void Take(string provider, string id, JsonElement row, Action take)
    {
        _fetched++;
        try
        {
            // PostgreSQL stores no NUL, and no list has a reason to send one.
            if (JsonMarshal.GetRawUtf8Value(row).IndexOf("\\u0000"u8) >= 0)
            {
                throw new FormatException("a text has a NUL character");
            }

            take();
        }
        catch (Exception e) when (e is FormatException or ArgumentException or OverflowException or InvalidOperationException)
        {
            AddFault(provider, id, row, e.Message);
        }
    }

    private void AddFault(string provider, string id, JsonElement row, string reason)
    {
        var offer = new OfferId(provider, id.Length == 0 ? $"(row {_fetched})" : id);
        _faults[offer] = new RowFault(offer, reason, row.GetRawText().Replace("\\u0000", "", StringComparison.Ordinal));
    }
}
