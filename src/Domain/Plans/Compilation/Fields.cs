using System.Globalization;

namespace Sluice.Domain.Plans.Compilation;

/// <summary>
/// A mapping that is being read: each accessor gives the value of a key, or null after it has reported what is wrong with it.
/// </summary>
internal sealed class Fields
{
    private readonly Node.Mapping? _mapping;
    private readonly Faults _faults;

    private Fields(Node at, Node.Mapping? mapping, Faults faults)
    {
        At = at;
        _mapping = mapping;
        _faults = faults;
    }

    /// <summary>Where it is.</summary>
    public Node At { get; }

    /// <summary>The keys that are set, in order; those without a value too.</summary>
    public IReadOnlyList<Node.Entry> Entries => _mapping?.Entries ?? [];

    /// <summary>Reads a mapping that has only these keys; reports another type and every unknown key.</summary>
    /// <param name="node">What was written.</param>
    /// <param name="faults">Where to report.</param>
    /// <param name="known">Names of the keys; empty for any.</param>
    public static Fields Of(Node node, Faults faults, params IReadOnlyList<string> known)
    {
        if (node is not Node.Mapping mapping)
        {
            // An absent value is an empty mapping: the keys that are required are missed then.
            if (node is Node.Scalar { IsNull: true })
            {
                return new Fields(node, new Node.Mapping(node.Path, node.Line, node.Column, []), faults);
            }

            var keys = known.Count == 0 ? "" : $" with {string.Join(", ", known)}";
            faults.Add("wrong-type", node, $"Expected a mapping{keys}, found {faults.Show(node)}.");
            return new Fields(node, null, faults);
        }

        if (known.Count > 0)
        {
            foreach (var entry in mapping.Entries.Where(e => !known.Contains(e.Key.Text)))
            {
                faults.Add("unknown-key", entry.Key, $"'{entry.Key.Text}' is not a key here.", Spelling.Suggest(entry.Key.Text, known));
            }
        }

        return new Fields(node, mapping, faults);
    }

    /// <summary>The value of a key; null when it has none, which is reported when <paramref name="example"/> is given.</summary>
    public Node? Find(string key, string? example = null)
    {
        var value = _mapping?.Find(key);
        if (value is null && example is not null && _mapping is not null)
        {
            _faults.Add("missing-key", At, $"'{key}' is missing.", $"add '{key}: {example}'");
        }

        return value;
    }

    /// <summary>Where a key's value is, or the whole when it is absent.</summary>
    public Node Where(string key) => _mapping?.Find(key) ?? At;

    public bool Has(string key) => _mapping?.Find(key) is not null;

    /// <summary>One piece of text; numbers are text as written.</summary>
    public string? Text(string key, string? example = null) => Find(key, example) is { } node ? Text(node) : null;

    private string? Text(Node node)
    {
        if (node is Node.Scalar { IsNull: false } scalar)
        {
            if (!string.IsNullOrWhiteSpace(scalar.Text))
            {
                return scalar.Text;
            }

            _faults.Add("empty-value", node, "Expected text, found none.");
            return null;
        }

        _faults.Add("wrong-type", node, $"Expected text, found {_faults.Show(node)}.");
        return null;
    }

    public int? Integer(string key, int from, int to, string? example = null)
    {
        if (Find(key, example) is not { } node)
        {
            return null;
        }

        if (node is not Node.Scalar scalar || !int.TryParse(scalar.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
        {
            var percent = node is Node.Scalar { Text: var text } && text.TrimEnd().EndsWith('%') ? "leave out the %" : null;
            _faults.Add("bad-number", node, $"Expected a whole number from {from} to {to}, found {_faults.Show(node)}.", percent);
            return null;
        }

        if (value >= from && value <= to)
        {
            return value;
        }

        _faults.Add("out-of-range", node, $"Expected a whole number from {from} to {to}, found {value}.");
        return null;
    }

    /// <summary>A number within bounds, both included.</summary>
    public double? Number(string key, double from, double to, string? example = null)
    {
        if (Find(key, example) is not { } node)
        {
            return null;
        }

        var expected = string.Create(CultureInfo.InvariantCulture, $"Expected a number from {from} to {to}");
        const NumberStyles style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        if (node is not Node.Scalar scalar || !double.TryParse(scalar.Text, style, CultureInfo.InvariantCulture, out var value) || !double.IsFinite(value))
        {
            _faults.Add("bad-number", node, $"{expected}, found {_faults.Show(node)}.", Fraction(node));
            return null;
        }

        if (value >= from && value <= to)
        {
            return value;
        }

        _faults.Add("out-of-range", node, string.Create(CultureInfo.InvariantCulture, $"{expected}, found {value}."));
        return null;
    }

    public TimeSpan? Duration(string key, TimeSpan from, TimeSpan to, string? example = null) =>
        Find(key, example) is { } node ? Duration(node, from, to) : null;

    /// <summary>A list of durations; empty when absent.</summary>
    public List<TimeSpan> Durations(string key, TimeSpan from, TimeSpan to) =>
        [.. Items(key).Select(node => Duration(node, from, to)).OfType<TimeSpan>()];

    private TimeSpan? Duration(Node node, TimeSpan from, TimeSpan to)
    {
        if (node is not Node.Scalar scalar || !Plans.Durations.TryParse(scalar.Text, out var value))
        {
            var suggestion = node is Node.Scalar { Text: var text } && text.Length > 0 && text.All(char.IsAsciiDigit)
                ? $"add a unit: '{text}s' or '{text}m'"
                : null;
            _faults.Add("bad-duration", node, $"Expected a duration such as 500ms, 30s, 15m or 1h30m, found {_faults.Show(node)}.", suggestion);
            return null;
        }

        if (value >= from && value <= to)
        {
            return value;
        }

        _faults.Add("out-of-range", node, $"Expected {Plans.Durations.Format(from)} to {Plans.Durations.Format(to)}, found {Plans.Durations.Format(value)}.");
        return null;
    }

    public bool? Boolean(string key)
    {
        if (Find(key) is not { } node)
        {
            return null;
        }

        if (node is Node.Scalar { Text: "true" or "false", Text: var text })
        {
            return text == "true";
        }

        var meant = node is Node.Scalar s && s.Text.ToLowerInvariant() is "yes" or "on" or "true" ? "write 'true'"
            : node is Node.Scalar n && n.Text.ToLowerInvariant() is "no" or "off" or "false" ? "write 'false'" : null;
        _faults.Add("bad-boolean", node, $"Expected true or false, found {_faults.Show(node)}.", meant);
        return null;
    }

    /// <summary>One of the words of a closed set.</summary>
    public T? Word<T>(string key, IReadOnlyDictionary<string, T> words, string? example = null)
        where T : struct => Find(key, example) is { } node ? Word(node, words, _faults) : null;

    /// <summary>One of the words of a closed set.</summary>
    public static T? Word<T>(Node node, IReadOnlyDictionary<string, T> words, Faults faults)
        where T : struct
    {
        if (node is Node.Scalar scalar && words.TryGetValue(scalar.Text, out var value))
        {
            return value;
        }

        var suggestion = node is Node.Scalar { Text: var text } ? Spelling.Suggest(text, words.Keys) : null;
        faults.Add("unknown-value", node, $"Expected {string.Join(" | ", words.Keys)}, found {faults.Show(node)}.", suggestion);
        return null;
    }

    /// <summary>The nodes of a list; empty when absent.</summary>
    public IReadOnlyList<Node> Items(string key, string? example = null)
    {
        if (Find(key, example) is not { } node)
        {
            return [];
        }

        if (node is Node.Sequence sequence)
        {
            if (sequence.Items.Count == 0 && example is not null)
            {
                _faults.Add("empty-list", node, "Expected at least one item.", $"for example '{key}: {example}'");
            }

            return sequence.Items;
        }

        _faults.Add("wrong-type", node, $"Expected a list, found {_faults.Show(node)}.", node is Node.Scalar ? $"put it in brackets: '{key}: [...]'" : null);
        return [];
    }

    /// <summary>A list of texts; empty when absent.</summary>
    public IReadOnlyList<string> Texts(string key, string? example = null) => [.. Items(key, example).Select(Text).OfType<string>()];

    /// <summary>Texts by name; empty when absent.</summary>
    public IReadOnlyDictionary<string, string> TextsByName(string key)
    {
        var found = new Dictionary<string, string>();
        if (Find(key) is { } node)
        {
            foreach (var entry in Of(node, _faults).Entries)
            {
                if (entry.Value is Node.Scalar scalar)
                {
                    found[entry.Key.Text] = scalar.Text;
                }
                else
                {
                    _faults.Add("wrong-type", entry.Value, $"Expected text, found {_faults.Show(entry.Value)}.");
                }
            }
        }

        return found;
    }

    private static string? Fraction(Node node) =>
        node is Node.Scalar { Text: var text } && text.EndsWith('%')
        && decimal.TryParse(text.TrimEnd('%', ' '), NumberStyles.Number, CultureInfo.InvariantCulture, out var percent)
            ? string.Create(CultureInfo.InvariantCulture, $"write the fraction: {percent / 100m:0.######}")
            : null;
}
