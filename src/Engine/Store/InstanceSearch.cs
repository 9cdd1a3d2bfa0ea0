using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Sluice.Engine.Store;

/// <summary>An instance's place in the order of creation; where the clock went back, still one before the other.</summary>
internal readonly record struct Place(long Created, long Key);

/// <summary>
/// Finds instances, oldest first, along the index that leads to the fewest of them. Every index but the one of ids has its entries in the
/// order of creation, so that a page costs what it holds and not what comes after it.
/// </summary>
/// <param name="read">Runs a query of two numbers a row.</param>
internal sealed class InstanceSearch(InstanceSearch.Reading read)
{
    /// <summary>So many entries are cheap to walk and sort; nobody counts further.</summary>
    public const int Narrow = 10_000;

    private static readonly string[] Ends = ["IS NULL", "= 1", "= 3", "= 4", "= 5"];

    /// <summary>Runs a query and returns its rows.</summary>
    public delegate List<Place> Reading(string sql, ReadOnlySpan<Value> values);

    /// <summary>The first instances that match.</summary>
    /// <param name="query">Everything but its page.</param>
    /// <param name="after">Those up to here are not wanted.</param>
    /// <param name="count">How many at most.</param>
    public List<Place> Find(EngineQuery query, Place? after, int count)
    {
        if (query.Statuses is { Count: 0 })
        {
            return [];
        }

        var paths = Paths(query, after);
        var path = paths.Count == 1 ? paths[0] : paths.MinBy(Length)!;
        return read($"{path.Sql} ORDER BY 1, 2 LIMIT {count}", path.Values);
    }

    /// <summary>The ways to all that match; of equally long ones the first is the best.</summary>
    private static List<Path> Paths(EngineQuery query, Place? after)
    {
        var paths = new List<Path>();
        foreach (var (tag, word) in query.Tags ?? new Dictionary<string, string>())
        {
            paths.Add(new Path(
                query, after, "tags t CROSS JOIN instances i ON i.key = t.instance", p => [$"t.tag = {p.Add(tag)} AND t.value = {p.Add(word)}"], "t.created", "t.instance"));
        }

        if (query.Name is { } name)
        {
            paths.Add(new Path(query, after, "instances i INDEXED BY instances_name", p => [$"i.name = {p.Add(name)} COLLATE NOCASE"]));
        }

        var ends = query.Statuses is { } wanted
            ? wanted.Select(s => InstanceRow.IsTerminal(s) ? string.Create(CultureInfo.InvariantCulture, $"= {(int)s}") : Ends[0]).Distinct()
            : Ends;
        paths.Add(new Path(query, after, "instances i INDEXED BY instances_ended", _ => [.. ends.Select(end => $"i.ended {end}")]));
        if (query.InstanceIdPrefix is { Length: > 0 } prefix)
        {
            paths.Add(new Path(query, after, "instances i INDEXED BY sqlite_autoindex_instances_1", p => [p.Prefix(prefix)], ordered: false));
        }

        return paths;
    }

    private long Length(Path path) => read($"SELECT count(*), 0 FROM ({path.Entries} LIMIT {Narrow})", path.EntryValues)[0].Created;

    /// <summary>A way to the instances that match, along one or more stretches of an index.</summary>
    private sealed class Path
    {
        private readonly EngineQuery _query;
        private readonly string _created;
        private readonly string _key;
        private readonly List<Value> _values = [];
        private readonly int _entryValues;

        /// <param name="query">What is looked for.</param>
        /// <param name="after">Those up to here are not wanted.</param>
        /// <param name="from">The tables, and the index that is walked.</param>
        /// <param name="stretches">What bounds each stretch, beside the time.</param>
        /// <param name="created">The column with the moment of creation.</param>
        /// <param name="key">The column with the key.</param>
        /// <param name="ordered">Whether the index has its entries in order of creation.</param>
        public Path(
            EngineQuery query, Place? after, string from, Func<Path, string[]> stretches, string created = "i.created", string key = "i.key", bool ordered = true)
        {
            (_query, _created, _key) = (query, created, key);
            var bounds = stretches(this);
            var bare = _values.Count;
            var span = Span(after);
            _entryValues = ordered ? _values.Count : bare;
            var rest = Rest();
            Sql = string.Join(" UNION ALL ", bounds.Select(bound => $"SELECT {created}, {key} FROM {from} WHERE {bound}{span}{rest}"));
            Entries = string.Join(" UNION ALL ", bounds.Select(bound => $"SELECT 1 FROM {from.Split(" CROSS ")[0]} WHERE {bound}{(ordered ? span : "")}"));
        }

        /// <summary>Selects what matches: the moment of creation and the key.</summary>
        public string Sql { get; }

        public ReadOnlySpan<Value> Values => CollectionsMarshal.AsSpan(_values);

        /// <summary>Selects one row for each entry of the index, whether it matches or not.</summary>
        public string Entries { get; }

        public ReadOnlySpan<Value> EntryValues => Values[.._entryValues];

        public string Add(Value value)
        {
            _values.Add(value);
            return string.Create(CultureInfo.InvariantCulture, $"?{_values.Count}");
        }

        /// <summary>As a range of the index: up to the first text that no longer begins so.</summary>
        public string Prefix(string prefix)
        {
            var end = Encoding.UTF8.GetBytes(prefix);
            end[^1]++;
            return $"i.id >= {Add(prefix)} AND i.id < {Add(end)}";
        }

        private string Span(Place? after)
        {
            var span = new StringBuilder();
            if (StoreReader.Ceiling(_query.CreatedFrom) is { } from)
            {
                span.Append(CultureInfo.InvariantCulture, $" AND {_created} >= {Add(from)}");
            }

            if (_query.CreatedTo is { } to)
            {
                span.Append(CultureInfo.InvariantCulture, $" AND {_created} <= {Add(to.ToUnixTimeMilliseconds())}");
            }

            if (after is { } place)
            {
                span.Append(CultureInfo.InvariantCulture, $" AND ({_created}, {_key}) > ({Add(place.Created)}, {Add(place.Key)})");
            }

            return span.ToString();
        }

        private string Rest()
        {
            var rest = new StringBuilder();
            if (_query.InstanceIdPrefix is { Length: > 0 } prefix)
            {
                rest.Append(CultureInfo.InvariantCulture, $" AND {Prefix(prefix)}");
            }

            if (_query.Statuses is { } statuses)
            {
                rest.Append(CultureInfo.InvariantCulture, $" AND i.status IN ({string.Join(',', statuses.Select(s => (int)s))})");
            }

            if (_query.Name is { } name)
            {
                rest.Append(CultureInfo.InvariantCulture, $" AND i.name = {Add(name)} COLLATE NOCASE");
            }

            foreach (var (tag, word) in _query.Tags ?? new Dictionary<string, string>())
            {
                rest.Append(
                    CultureInfo.InvariantCulture,
                    $" AND EXISTS (SELECT 1 FROM tags WHERE tag = {Add(tag)} AND value = {Add(word)} AND created = {_created} AND instance = {_key})");
            }

            return rest.ToString();
        }
    }
}
