namespace Sluice.Domain.Plans.Compilation;

/// <summary>
/// Puts the steps of a named plan where a plan says <c>strategy:</c>. Works on the tree, so that what the user wrote keeps its place in
/// every fault, and what the named plan says is at the line of <c>strategy</c>.
/// </summary>
internal sealed class StrategySection
{
    private static readonly string[] Own = ["name", "override"];

    private readonly Faults _faults;
    private readonly Node _at;
    private readonly string _name;
    private readonly Node.Mapping _named;
    private readonly Dictionary<string, Node?> _values = [];
    private readonly Node.Mapping? _overrides;

    private StrategySection(Node.Mapping plan, Node at, string name, Node.Mapping named, Faults faults)
    {
        (_faults, _at, _name, _named) = (faults, at, name, named);
        var written = at as Node.Mapping;
        var parameters = named.Find("parameters") as Node.Mapping;
        foreach (var entry in parameters?.Entries ?? [])
        {
            var parameter = entry.Key.Text;
            _values[parameter] = written?.Find(parameter) ?? (parameters!.Find(parameter) is { } given ? Placed(given, parameter) : Found(plan, parameter));
        }

        foreach (var unknown in written?.Entries.Where(e => !Own.Contains(e.Key.Text) && !_values.ContainsKey(e.Key.Text)) ?? [])
        {
            faults.Add(
                "unknown-key", unknown.Key, $"The strategy '{name}' has no parameter '{unknown.Key.Text}'.",
                Spelling.Suggest(unknown.Key.Text, [.. Own, .. _values.Keys]));
        }

        foreach (var needed in (named.Find("required") as Node.Sequence)?.Items.OfType<Node.Scalar>().Where(n => _values[n.Text] is null) ?? [])
        {
            faults.Add("missing-key", at, $"The strategy '{name}' needs '{needed.Text}'.", $"write 'strategy: {{ name: {name}, {needed.Text}: ... }}'");
        }

        _overrides = written?.Find("override") as Node.Mapping;
        if (written?.Find("override") is { } other and not Node.Mapping)
        {
            faults.Add("wrong-type", other, $"Expected steps by their id, found {faults.Show(other)}.", $"such as {{ {Ids()[0]}: {{ ... }} }}, or null to leave one out");
        }
    }

    /// <summary>The plan with the steps of its strategy after its own; the plan itself when it names none.</summary>
    public static Node Expand(Node root, Faults faults)
    {
        if (root is not Node.Mapping plan || plan.Find("strategy") is not { } at)
        {
            return root;
        }

        var name = at is Node.Mapping mapping ? mapping.Find("name") : at;
        if (name is not Node.Scalar { Text: var text })
        {
            faults.Add("missing-key", at, "Which strategy is missing.", $"known: {string.Join(", ", NamedPlans.Names)}");
            return root;
        }

        if (NamedPlans.Text(text) is not { } file)
        {
            faults.Add("unknown-value", name, $"There is no strategy '{text}'.", Spelling.Suggest(text, NamedPlans.Names));
            return root;
        }

        return new StrategySection(plan, at, text, (Node.Mapping)YamlTree.Read(file, new Faults())!, faults).Apply(plan);
    }

    private Node.Mapping Apply(Node.Mapping plan)
    {
        foreach (var unknown in _overrides?.Entries.Where(e => !Ids().Contains(e.Key.Text)) ?? [])
        {
            _faults.Add("unknown-step", unknown.Key, $"The strategy '{_name}' has no step '{unknown.Key.Text}'.", Spelling.Suggest(unknown.Key.Text, Ids()));
        }

        var own = plan.Find("steps");
        var steps = Steps().ToList();
        var all = own is Node.Sequence sequence ? sequence with { Items = [.. sequence.Items, .. steps] } : own ?? new Node.Sequence("steps", _at.Line, _at.Column, steps);
        var rest = plan.Entries.Where(e => e.Key.Text != "steps").ToList();
        if (plan.Find("analysis") is null && _named.Find("analysis") is { } analysis && Filled(analysis, "analysis") is { } filled)
        {
            rest.RemoveAll(e => e.Key.Text == "analysis");
            rest.Add(new Node.Entry(Key("analysis"), filled));
        }

        return plan with { Entries = [.. rest, new Node.Entry(Key("steps"), all)] };
    }

    private IEnumerable<Node> Steps()
    {
        foreach (var item in Items())
        {
            var id = Id(item);
            var step = item.Entries.First(e => e.Key.Text != "id");
            var written = _overrides?.Entries.FirstOrDefault(e => e.Key.Text == id)?.Value;
            if (written is Node.Scalar { IsNull: true } || Filled(step.Value, id) is not { } filled)
            {
                continue;
            }

            var value = written is null ? filled : written is Node.Mapping changes && filled is Node.Mapping before ? Merged(before, changes) : written;
            yield return new Node.Mapping(Path(id), _at.Line, _at.Column, [new Node.Entry(Key(step.Key.Text, id), value)]);
        }
    }

    /// <summary>The node with its parameters put in; null when one has no value: the step is left out then.</summary>
    private Node? Filled(Node node, string path)
    {
        switch (node)
        {
            case Node.Scalar { Plain: true, Text: ['$', .. var parameter] }:
                return _values[parameter];
            case Node.Mapping mapping:
                var entries = mapping.Entries.Select(e => (e.Key, Value: Filled(e.Value, $"{path}.{e.Key.Text}"))).ToList();
                return entries.Exists(e => e.Value is null)
                    ? null
                    : new Node.Mapping(Path(path), _at.Line, _at.Column, [.. entries.Select(e => new Node.Entry(Key(e.Key.Text, path), e.Value!))]);
            case Node.Sequence list:
                var items = list.Items.Select(i => Filled(i, path)).ToList();
                return items.Contains(null) ? null : new Node.Sequence(Path(path), _at.Line, _at.Column, items!);
            default:
                return Placed(node, path);
        }
    }

    private static Node.Mapping Merged(Node.Mapping before, Node.Mapping changes) => changes with
    {
        Entries = [.. before.Entries.Where(e => !changes.Entries.Any(c => c.Key.Text == e.Key.Text)), .. changes.Entries],
    };

    // Where a plan need not say it: the last environment, and the one called staging before it.
    private static Node? Found(Node.Mapping plan, string parameter)
    {
        var names = (plan.Find("environments") as Node.Mapping)?.Entries.Select(e => e.Key).ToList() ?? [];
        return parameter switch
        {
            "environment" => names.LastOrDefault(),
            "staging" => names.SkipLast(1).FirstOrDefault(n => n.Text == "staging"),
            _ => null,
        };
    }

    private Node Placed(Node node, string path) => node switch
    {
        Node.Scalar scalar => scalar with { Path = Path(path), Line = _at.Line, Column = _at.Column },
        Node.Sequence list => new Node.Sequence(Path(path), _at.Line, _at.Column, [.. list.Items.Select(i => Placed(i, path))]),
        Node.Mapping mapping => new Node.Mapping(
            Path(path), _at.Line, _at.Column, [.. mapping.Entries.Select(e => new Node.Entry(Key(e.Key.Text, path), Placed(e.Value, $"{path}.{e.Key.Text}")))]),
        _ => node,
    };

    private IEnumerable<Node.Mapping> Items() => ((Node.Sequence)_named.Find("steps")!).Items.Cast<Node.Mapping>();

    private IReadOnlyList<string> Ids() => [.. Items().Select(Id)];

    private static string Id(Node.Mapping item) => ((Node.Scalar)item.Find("id")!).Text;

    private Node.Scalar Key(string text, string? path = null) => new(path is null ? text : Path(path), _at.Line, _at.Column, text, Plain: false);

    private string Path(string path) => $"strategy({_name}).{path}";
}
