using System.Text.RegularExpressions;
using Sluice.Domain.Analysis.Thresholds;

namespace Sluice.Domain.Plans.Compilation;

/// <summary>Reads those entries of <c>analysis.metrics</c> that have a query of their own, or are a template of such.</summary>
internal sealed partial class ThresholdSection(IReadOnlyList<EnvironmentDraft> environments, Faults faults)
{
    private static readonly TimeSpan Longest = TimeSpan.FromDays(7);
    private static readonly TimeSpan ResourceFor = TimeSpan.FromMinutes(5);

    private readonly List<ThresholdSpec> _read = [];

    public IReadOnlyList<ThresholdSpec> All => _read;

    /// <summary>Whether an entry is for this section.</summary>
    public static bool Takes(Node node) => node is Node.Mapping mapping && (mapping.Find("query") is not null || mapping.Find("template") is not null);

    public void Read(Node node)
    {
        if (((Node.Mapping)node).Find("template") is not null)
        {
            Template(node);
        }
        else
        {
            Add(Threshold(node, node), node);
        }
    }

    /// <summary>Marks what <c>dryRun</c> names; patterns match whole names.</summary>
    public IReadOnlyList<ThresholdSpec> WithDryRuns(Fields analysis)
    {
        foreach (var node in analysis.Items("dryRun"))
        {
            if (node is not Node.Scalar { Text: var pattern })
            {
                faults.Add("wrong-type", node, $"Expected a name or a pattern, found {faults.Show(node)}.");
                continue;
            }

            Regex whole;
            try
            {
                whole = new Regex($"^(?:{pattern})$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking);
            }
            catch (Exception e) when (e is ArgumentException or NotSupportedException)
            {
                faults.Add("bad-pattern", node, $"'{pattern}' is no regular expression that can be used here.", "a name, or a pattern such as 'sync-.*'");
                continue;
            }

            var matched = false;
            for (var i = 0; i < _read.Count; i++)
            {
                if (whole.IsMatch(_read[i].Name))
                {
                    _read[i] = _read[i] with { DryRun = true };
                    matched = true;
                }
            }

            if (!matched)
            {
                faults.Add("no-match", node, $"'{pattern}' matches no metric with a query.", Spelling.Suggest(pattern, _read.Select(t => t.Name)));
            }
        }

        return _read;
    }

    private void Template(Node node)
    {
        var fields = Fields.Of(node, faults, PlanKeys.Template);
        if (fields.Text("template") is not { } name)
        {
            return;
        }

        if (ThresholdTemplates.Find(name) is not { } template)
        {
            faults.Add("unknown-template", fields.Where("template"), $"'{name}' is not a template.", Spelling.Suggest(name, ThresholdTemplates.Names));
            return;
        }

        var members = template.ToDictionary(m => ((Node.Scalar)m.Find("name")!).Text);
        var omitted = fields.Texts("omit");
        foreach (var unknown in omitted.Where(o => !members.ContainsKey(o)))
        {
            faults.Add("unknown-value", fields.Where("omit"), $"'{unknown}' is not in the template '{name}'.", Spelling.Suggest(unknown, members.Keys));
        }

        var queries = fields.Find("queries") is { } q ? Fields.Of(q, faults).Entries : [];
        foreach (var unknown in queries.Where(e => !members.ContainsKey(e.Key.Text)))
        {
            faults.Add("unknown-key", unknown.Key, $"'{unknown.Key.Text}' is not in the template '{name}'.", Spelling.Suggest(unknown.Key.Text, members.Keys));
        }

        foreach (var (member, mapping) in members.Where(m => !omitted.Contains(m.Key)))
        {
            var own = queries.FirstOrDefault(e => e.Key.Text == member)?.Value;
            Add(Threshold(Placed(mapping, node, own, fields.Find("provider")), node, member), node);
        }
    }

    /// <summary>A template's metric as if it stood in the plan, with what the plan says otherwise.</summary>
    private static Node.Mapping Placed(Node.Mapping metric, Node at, Node? query, Node? provider)
    {
        var entries = metric.Entries.Where(e => e.Key.Text != "query" || query is null).Select(e => new Node.Entry(Scalar(e.Key), Scalar((Node.Scalar)e.Value))).ToList();
        if (query is not null)
        {
            entries.Add(new Node.Entry(Word("query"), query));
        }

        // What counts the environment itself stays so, unless the plan asks it otherwise.
        var counted = query is null && metric.Find("provider") is not null;
        if (provider is not null && !counted)
        {
            entries.RemoveAll(e => e.Key.Text == "provider");
            entries.Add(new Node.Entry(Word("provider"), provider));
        }
        else if (query is not null)
        {
            entries.RemoveAll(e => e.Key.Text == "provider");
        }

        return new Node.Mapping(at.Path, at.Line, at.Column, entries);

        Node.Scalar Scalar(Node.Scalar scalar) => scalar with { Path = at.Path, Line = at.Line, Column = at.Column };

        Node.Scalar Word(string word) => new(at.Path, at.Line, at.Column, word, Plain: true);
    }

    private void Add(ThresholdSpec? threshold, Node at)
    {
        if (threshold is null)
        {
            return;
        }

        if (_read.Exists(t => t.Name == threshold.Name) || PlanWords.Metrics.ContainsKey(threshold.Name))
        {
            faults.Add("duplicate-name", at, $"'{threshold.Name}' is declared twice, or is the name of a metric that needs no query.", "give it another name");
        }

        _read.Add(threshold);
    }

    private ThresholdSpec? Threshold(Node node, Node at, string? member = null)
    {
        var fields = Fields.Of(node, faults, PlanKeys.Threshold);
        var name = fields.Text("name", "sync-failures");
        if (name is not null && !NamePattern().IsMatch(name))
        {
            faults.Add("bad-name", fields.Where("name"), $"'{name}' cannot be the name of a metric.", "1 to 63 lower-case letters, digits, '.', '_' or '-', a letter or digit first");
        }

        var query = fields.Text("query") ?? "";
        var provider = Provider(fields, at, member);
        var resource = fields.Word("resource", PlanWords.Resources);
        var unit = fields.Word("unit", PlanWords.Units) ?? (provider == ThresholdSpec.Counts ? CountWindows.Queries.GetValueOrDefault(query) : MetricUnit.Number);
        var interval = fields.Duration("interval", TimeSpan.FromSeconds(10), TimeSpan.FromDays(1)) ?? TimeSpan.FromMinutes(1);
        if (name is null)
        {
            return null;
        }

        var threshold = new ThresholdSpec(name, provider ?? "", query)
        {
            Unit = unit,
            SuccessCondition = Condition(fields, "successCondition", unit),
            FailureCondition = Condition(fields, "failureCondition", unit),
            Interval = interval,
            InitialDelay = fields.Duration("initialDelay", TimeSpan.Zero, Longest) ?? TimeSpan.Zero,
            Count = fields.Integer("count", 1, 100_000),
            FailureLimit = fields.Integer("failureLimit", -1, 1000) ?? 0,
            InconclusiveLimit = fields.Integer("inconclusiveLimit", 0, 1000) ?? 0,
            ConsecutiveErrorLimit = fields.Integer("consecutiveErrorLimit", 0, 1000) ?? 4,
            ConsecutiveSuccessLimit = fields.Integer("consecutiveSuccessLimit", 0, 1000) ?? 0,
            For = fields.Duration("for", TimeSpan.Zero, Longest) ?? (resource is null ? TimeSpan.Zero : ResourceFor),
            Severity = fields.Word("severity", PlanWords.Severities) ?? Severity.Critical,
            Resource = resource,
            WhileStableHolds = fields.Boolean("whileStableHolds") ?? resource is not null,
            Regression = fields.Number("regression", 1, 100),
            DryRun = fields.Boolean("dryRun") ?? false,
        };
        CheckQuery(threshold, fields, at);
        CheckLimits(threshold, fields);
        return threshold;
    }

    /// <summary>What the metric says, else the only one there is.</summary>
    private string? Provider(Fields fields, Node at, string? member)
    {
        var known = environments.SelectMany(e => e.Providers).Select(p => p.Name).Distinct().ToList();
        var written = fields.Text("provider");
        if (written == ThresholdSpec.Counts)
        {
            if (environments.Count > 0 && environments.All(e => !e.Measures))
            {
                faults.Add("contradiction", fields.Where("provider"), "No environment counts anything: none has a source of metrics.", "add 'metrics: { kind: gateway }' to an environment");
            }

            return written;
        }

        if (written is not null)
        {
            if (!known.Contains(written))
            {
                faults.Add("unknown-provider", fields.Where("provider"), $"No environment has a provider '{written}'.", Spelling.Suggest(written, [ThresholdSpec.Counts, .. known]));
            }

            return written;
        }

        if (fields.Has("provider") || known.Count == 1)
        {
            return known.Count == 1 ? known[0] : null;
        }

        var who = member is null ? "The query" : $"The query of '{member}'";
        faults.Add(
            "missing-key", at, known.Count == 0 ? $"{who} has nobody to answer it: no environment has a provider." : $"{who} does not say who answers it.",
            known.Count == 0 ? "add 'providers: { prometheus: { kind: prometheus, url: ... } }' to an environment, or 'provider: counts'" : $"add 'provider: {known[0]}'");
        return null;
    }

    private string? Condition(Fields fields, string key, MetricUnit unit)
    {
        if (fields.Text(key) is not { } text)
        {
            return null;
        }

        if (ConditionParser.Parse(text, unit).Fault is not { } fault)
        {
            return text;
        }

        var node = fields.Where(key);
        var (line, column) = Within(node, text, fault.Column - 1);
        faults.Add("bad-condition", node.Path, line, column, $"'{text}': {fault.Message}", fault.Suggestion);
        return text;
    }

    private void CheckQuery(ThresholdSpec threshold, Fields fields, Node at)
    {
        var node = fields.Where("query");
        if (threshold.Provider == ThresholdSpec.Counts)
        {
            if (!CountWindows.Queries.TryGetValue(threshold.Query, out var unit))
            {
                faults.Add("unknown-value", node, $"The counts know {string.Join(" | ", CountWindows.Queries.Keys)}, not '{threshold.Query}'.", Spelling.Suggest(threshold.Query, CountWindows.Queries.Keys));
            }
            else if (threshold.Unit != unit)
            {
                faults.Add("wrong-unit", fields.Where("unit"), $"'{threshold.Query}' is in {Units.Name(unit)}, not in {Units.Name(threshold.Unit)}.", "leave 'unit' out");
            }

            if (threshold.Regression is not null)
            {
                faults.Add(
                    "contradiction", fields.Where("regression"), "Counts are compared with stable's by the judge itself, which knows chance.",
                    "leave 'query' out: '- { name: errors, limit: 0.01 }' or '- { name: latency-p95, regression: 1.5 }'");
            }

            if (threshold.Resource is not null)
            {
                faults.Add("contradiction", fields.Where("resource"), "The counts are of requests, not of a resource.");
            }

            return;
        }

        var providers = environments.SelectMany(e => e.Providers).Where(p => p.Name == threshold.Provider).ToList();
        foreach (var (name, index) in QueryText.Arguments(threshold.Query).Where(a => !QueryArguments.Names.Contains(a.Name)))
        {
            var (line, column) = Within(node, threshold.Query, index);
            faults.Add(
                "unknown-placeholder", node.Path, line, column, $"'{{{name}}}' is not replaced.",
                Spelling.Suggest(name, QueryArguments.Names) ?? $"known: {string.Join(", ", QueryArguments.Names)}");
        }

        if (providers.Exists(p => p is ProviderSpec.Prometheus))
        {
            if (QueryText.CheckPromQl(threshold.Query) is var (index, fault, suggestion))
            {
                var (line, column) = Within(node, threshold.Query, index);
                faults.Add("bad-query", node.Path, line, column, fault, suggestion);
            }

            if (QueryText.WidestWindow(threshold.Query) is { } window && window.Length > threshold.Interval)
            {
                faults.Warn(
                    "overlapping-windows", node,
                    $"[{window.Text}] is wider than the interval of {Durations.Format(threshold.Interval)}: one bad minute is measured {Math.Ceiling(window.Length / threshold.Interval):0} times.",
                    $"write 'interval: {window.Text}', or a narrower window");
            }
        }
        else if (providers.Exists(p => p is ProviderSpec.Json) && !threshold.Query.StartsWith('$'))
        {
            faults.Add("bad-query", node, $"Expected a JSON path, found {faults.Show(node)}.", "such as '$.errorRate' or \"$.revisions['{revision}'].errors\"");
        }

        var asks = threshold.Query + string.Concat(providers.OfType<ProviderSpec.Json>().Select(p => p.Access.Url));
        if (threshold.AsksStable && QueryText.Arguments(asks).All(a => a.Name != "revision"))
        {
            var why = threshold.Regression is null ? "fails only while stable is well" : "is compared with stable";
            faults.Add("contradiction", at, $"'{threshold.Name}' {why}: the query must be one that can be asked of either revision.", "use {revision} in it");
        }
    }

    private void CheckLimits(ThresholdSpec threshold, Fields fields)
    {
        if (threshold is { SuccessCondition: null, FailureCondition: null, Regression: null, DryRun: false, Severity: not Severity.Info } && !fields.Has("successCondition") && !fields.Has("failureCondition") && !fields.Has("regression"))
        {
            faults.Add("missing-key", fields.At, "A metric without a condition decides nothing.", "add 'failureCondition: \"result > 0.05\"', 'regression: 1.5', or 'severity: info'");
        }

        if (threshold.FailureLimit == -1 && threshold.ConsecutiveSuccessLimit == 0)
        {
            faults.Add("contradiction", fields.Where("failureLimit"), "With any number of failures allowed and no 'consecutiveSuccessLimit' it decides nothing.");
        }

        if (threshold.Count is { } count)
        {
            foreach (var (key, limit) in new[] { ("failureLimit", threshold.FailureLimit), ("inconclusiveLimit", threshold.InconclusiveLimit) }.Where(l => l.Item2 >= count))
            {
                faults.Add("contradiction", fields.Where(key), $"{limit} are tolerated, and there are {count} measurements: it is never reached.");
            }

            if (threshold.ConsecutiveSuccessLimit > count)
            {
                faults.Add("contradiction", fields.Where("consecutiveSuccessLimit"), $"{threshold.ConsecutiveSuccessLimit} in a row cannot be reached in {count} measurements.");
            }

            if (threshold.For > threshold.Interval * count)
            {
                faults.Add("contradiction", fields.Where("for"), $"{count} measurements do not span {Durations.Format(threshold.For)}.");
            }
        }

        if (threshold is { Resource: not null, WhileStableHolds: false })
        {
            faults.Add("contradiction", fields.Where("whileStableHolds"), "A resource fails only while stable is well: load moves it as much as a release does.");
        }

        if (threshold.Resource is not null && threshold.For < ResourceFor)
        {
            faults.Add("out-of-range", fields.Where("for"), $"A resource fails after {Durations.Format(ResourceFor)} or more, not after {Durations.Format(threshold.For)}: shorter peaks are normal.");
        }
    }

    /// <summary>A place within a text, as the editor counts it; of a text over several lines the start.</summary>
    private static (int Line, int Column) Within(Node node, string text, int index) => node is Node.Scalar scalar && scalar.Text == text && !text.Contains('\n')
        ? (node.Line, node.Column + index + (scalar.Plain ? 0 : 1))
        : (node.Line, node.Column);

    [GeneratedRegex("^[a-z0-9][a-z0-9._-]{0,62}$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex NamePattern();
}
