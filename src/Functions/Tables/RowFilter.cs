using Azure.Data.Tables;

namespace Sluice.Functions.Tables;

/// <summary>
/// Which rows of a partition to read. The range of keys is found at once; equal members are compared by the server while it walks the
/// range, page by page, because keys cannot serve every combination.
/// </summary>
internal sealed class RowFilter(string partition)
{
    private readonly List<string> _members = [];
    private (string Key, bool Included)? _from;
    private string? _before;

    /// <summary>Only keys from this one; of several the highest counts; null does not restrict.</summary>
    public RowFilter From(string? key) => Raise(key, included: true);

    /// <summary>Only keys behind this one; null does not restrict.</summary>
    public RowFilter After(string? key) => Raise(key, included: false);

    /// <summary>Only keys before this one; of several the lowest counts; null does not restrict.</summary>
    public RowFilter Before(string? key)
    {
        _before = key is not null && (_before is null || string.CompareOrdinal(key, _before) < 0) ? key : _before;
        return this;
    }

    /// <summary>Only rows whose member has this value; null does not restrict.</summary>
    public RowFilter Equal(string member, string? value)
    {
        if (value is not null)
        {
            _members.Add(member + TableClient.CreateQueryFilter($" eq {value}"));
        }

        return this;
    }

    /// <summary>Only rows whose member is true.</summary>
    public RowFilter True(string member)
    {
        _members.Add($"{member} eq true");
        return this;
    }

    public override string ToString()
    {
        List<string> conditions = [TableClient.CreateQueryFilter($"PartitionKey eq {partition}")];
        if (_from is { } from)
        {
            conditions.Add(from.Included ? TableClient.CreateQueryFilter($"RowKey ge {from.Key}") : TableClient.CreateQueryFilter($"RowKey gt {from.Key}"));
        }

        if (_before is not null)
        {
            conditions.Add(TableClient.CreateQueryFilter($"RowKey lt {_before}"));
        }

        return string.Join(" and ", conditions.Concat(_members));
    }

    private RowFilter Raise(string? key, bool included)
    {
        if (key is not null && (_from is not { } from || string.CompareOrdinal(key, from.Key) >= 0))
        {
            _from = (key, included);
        }

        return this;
    }
}
