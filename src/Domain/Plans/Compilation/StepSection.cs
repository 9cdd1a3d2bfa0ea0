namespace Sluice.Domain.Plans.Compilation;

/// <summary>Reads <c>steps:</c>, in order, keeping book of where every environment stands before each.</summary>
internal sealed class StepSection(
    IReadOnlyList<EnvironmentDraft> environments, AnalysisSpec analysis, BundleFiles files, Faults faults)
{
    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);

    /// <summary>Percent of the canary by environment, once deployed there; null when it could not be read.</summary>
    private readonly Dictionary<string, int?> _weights = [];
    private readonly Dictionary<string, SmokeSuite> _suites = [];
    private readonly Dictionary<string, Step.Baseline> _loadTests = [];
    private readonly SoakSection _soaks = new(analysis, faults);
    private readonly HashSet<string> _watched = [];
    private readonly Dictionary<string, List<(int Weight, TimeSpan Duration, Node At)>> _split = [];
    private string? _current;
    private bool _currentUnknown;
    private int _furthest;

    public IReadOnlyList<Step> Read(Fields plan)
    {
        var steps = new List<Step>();
        foreach (var node in plan.Items("steps", "[{ deploy: { environment: production } }]"))
        {
            if (Step(node) is { } step)
            {
                steps.Add(step);
            }
        }

        CheckEnds(plan);
        return steps;
    }

    private Step? Step(Node node)
    {
        if (node is not Node.Mapping { Entries: [var entry] })
        {
            var found = node is Node.Mapping { Entries.Count: var count } ? $"{count} keys" : faults.Show(node);
            faults.Add("wrong-type", node, $"Expected one step such as 'deploy: {{ ... }}', found {found}.", "start each step with '- '");
            return null;
        }

        var kind = entry.Key.Text;
        if (!PlanKeys.Steps.TryGetValue(kind, out var keys))
        {
            faults.Add("unknown-step", entry.Key, $"'{kind}' is not a step.", Spelling.Suggest(kind, PlanKeys.Steps.Keys));
            return null;
        }

        var fields = Fields.Of(Long(kind, entry.Value), faults, keys);
        var environment = Environment(kind, fields);
        Step step = kind switch
        {
            "validate" => new Step.Validate(),
            "migrate" => Migrate(fields, environment),
            "deploy" => Deploy(fields, environment),
            "smoke" => Smoke(fields, environment),
            "baseline" => Baseline(fields, environment),
            "soak" => Soak(fields, environment),
            "approval" => GateSection.Approval(fields, faults),
            "checklist" => GateSection.Checklist(fields, environment, files, faults),
            "signOff" => GateSection.SignOff(fields, _weights.ContainsValue(100), faults),
            "setWeight" => SetWeight(fields, environment),
            "hold" => _soaks.Hold(fields, Before(environment)),
            "verifySync" => SyncSection.Read(fields, faults),
            _ => Watch(fields, environment),
        };
        CheckWatched(kind, fields, environment);
        return step with { Environment = environment?.Name };
    }

    private static bool IsGate(string kind) => kind is "approval" or "checklist" or "signOff";

    /// <summary><c>setWeight: 10</c>, <c>hold: 1h</c> and <c>soak: 15m</c> in their long form.</summary>
    private static Node Long(string kind, Node value)
    {
        var key = kind switch { "setWeight" => "weight", "hold" or "soak" or "watch" => "duration", _ => null };
        if (key is null || value is not Node.Scalar { IsNull: false } scalar)
        {
            return value;
        }

        var name = new Node.Scalar($"{value.Path}.{key}", value.Line, value.Column, key, Plain: true);
        return new Node.Mapping(value.Path, value.Line, value.Column, [new Node.Entry(name, scalar)]);
    }

    /// <summary>Where the step happens: what it says, else where the nearest deploy above was.</summary>
    private EnvironmentDraft? Environment(string kind, Fields fields)
    {
        var written = fields.Text("environment");
        var name = written ?? (kind == "deploy" ? null : _current);
        if (name is null)
        {
            if (kind == "deploy")
            {
                _currentUnknown = true;
                fields.Find("environment", environments.Count > 0 ? environments[^1].Name : "production");
            }
            else if (!IsGate(kind) && !_currentUnknown && !fields.Has("environment"))
            {
                faults.Add("no-environment", fields.At, $"'{kind}' says no environment, and no deploy above it does.", "add 'environment: NAME'");
            }

            return null;
        }

        var draft = environments.FirstOrDefault(e => e.Name == name);
        if (draft is null)
        {
            _currentUnknown |= kind == "deploy";
            faults.Add(
                "unknown-environment", fields.Where("environment"), $"No environment is called '{name}'.",
                Spelling.Suggest(name, environments.Select(e => e.Name)));
            return null;
        }

        if (draft.Order < _furthest)
        {
            faults.Add(
                "environment-order", fields.Where("environment"),
                $"'{kind}' goes back to '{name}' after '{environments[_furthest].Name}'; rollouts take environments in declared order only.",
                written is null ? $"add 'environment: {environments[_furthest].Name}', or move the step up" : "move the step up, or reorder the environments");
        }

        _furthest = Math.Max(_furthest, draft.Order);
        if (kind == "deploy")
        {
            _current = name;
            _currentUnknown = false;
        }
        else if (kind is "smoke" or "baseline" or "soak" or "setWeight" or "hold" or "watch" or "verifySync" && !_weights.ContainsKey(name))
        {
            faults.Add("before-deploy", fields.At, $"'{kind}' comes before any deploy to '{name}': there is no new revision yet.", "move it below the deploy");
        }

        return draft;
    }

    private Step.Migrate Migrate(Fields fields, EnvironmentDraft? environment)
    {
        var up = SqlFiles(fields, "up", "[db/001_up.sql]");
        var down = SqlFiles(fields, "down", null);
        var reversible = fields.Boolean("reversible") ?? fields.Has("down");
        if (reversible && !fields.Has("down"))
        {
            faults.Add("missing-key", fields.Where("reversible"), "A reversible migration needs the files that undo it.", "add 'down: [...]', or 'reversible: false'");
        }
        else if (!reversible && fields.Has("down"))
        {
            faults.Warn("no-effect", fields.Where("down"), "These files never run, since the migration is not reversible.", "write 'reversible: true'");
        }

        foreach (var both in up.Select(f => f.Path).Intersect(down.Select(f => f.Path)))
        {
            faults.Add("contradiction", fields.Where("down"), $"'{both}' is named to do and to undo.");
        }

        var database = fields.Text("database") ?? "DATABASE_URL";
        if (environment?.Variables is { } variables && !variables.Any(v => v.Name == database))
        {
            faults.Add(
                "unknown-variable", fields.Where("database"),
                $"The connection string is read from {database}, which '{environment.Name}' does not declare.",
                Spelling.Suggest(database, variables.Select(v => v.Name)) ?? $"declare {database} in the environment's variables file");
        }

        return new Step.Migrate(up, reversible ? down : [], reversible, fields.Boolean("expand") ?? false, database);
    }

    private IReadOnlyList<SqlFile> SqlFiles(Fields fields, string key, string? example)
    {
        var found = new List<SqlFile>();
        foreach (var item in fields.Items(key, example))
        {
            if (item is not Node.Scalar { IsNull: false, Text: var path })
            {
                faults.Add("wrong-type", item, $"Expected the path of an SQL file, found {faults.Show(item)}.");
            }
            else if (found.Exists(f => f.Path == path))
            {
                faults.Add("duplicate-name", item, $"'{path}' is named twice; each file runs once.");
            }
            else if (files.Sql(path, item, faults) is { } file)
            {
                found.Add(file);
            }
        }

        return found;
    }

    private Step.Deploy Deploy(Fields fields, EnvironmentDraft? environment)
    {
        int? weight = fields.Has("weight") ? fields.Integer("weight", 0, 100) : 0;
        if (environment is not null)
        {
            if (_weights.ContainsKey(environment.Name))
            {
                faults.Add("contradiction", fields.At, $"'{environment.Name}' is deployed to already.", "one deploy per environment; move traffic with setWeight");
            }

            CheckDeliverable(weight, environment, fields);
            _weights[environment.Name] = weight;
        }

        return new Step.Deploy(weight ?? 0)
        {
            ReadyWithin = fields.Duration("readyWithin", OneSecond, TimeSpan.FromHours(1)),
            WarmingRequests = fields.Integer("warmingRequests", 0, 10_000) ?? 200,
        };
    }

    private Step.SetWeight SetWeight(Fields fields, EnvironmentDraft? environment)
    {
        var weight = fields.Integer("weight", 0, 100, "10");
        if (environment is not null)
        {
            CheckDeliverable(weight, environment, fields);
            if (_weights.GetValueOrDefault(environment.Name) is { } before && weight is { } after && after <= before && _weights.ContainsKey(environment.Name))
            {
                var what = after == before ? "is" : "falls from";
                faults.Warn("weight-falls", fields.Where("weight"), $"The weight {what} {before} %{(after == before ? " already" : $" to {after} %")}.");
            }

            _weights[environment.Name] = weight;
        }

        return new Step.SetWeight(weight ?? 0);
    }

    private void CheckDeliverable(int? weight, EnvironmentDraft environment, Fields fields)
    {
        if (weight is > 0 and < 100 && !environment.Splits)
        {
            faults.Add(
                "weight-undeliverable", fields.Where("weight"),
                $"Nothing can deliver {weight} %: '{environment.Name}' has no router that splits traffic.",
                "add 'router: { kind: gateway, listen: ... }', or use 0 or 100");
        }
    }

    private Step.Smoke Smoke(Fields fields, EnvironmentDraft? environment)
    {
        var path = fields.Text("suite", "smoke.yaml");
        var suite = path is null ? null : files.Suite(path, fields.Where("suite"), faults);
        if (suite is not null && environment is not null)
        {
            _suites[environment.Name] = suite;
        }

        return new Step.Smoke(suite ?? new SmokeSuite([], TimeSpan.Zero));
    }

    private Step.Baseline Baseline(Fields fields, EnvironmentDraft? environment)
    {
        var step = BaselineSection.Read(fields, faults);
        if (environment is not null)
        {
            _loadTests[environment.Name] = step;
        }

        return step;
    }

    private Step.Soak Soak(Fields fields, EnvironmentDraft? environment)
    {
        var before = Before(environment);
        var step = _soaks.Soak(fields, before);
        if (before.Weight is > 0 and < 100 and var share)
        {
            (_split.TryGetValue(environment!.Name, out var soaks) ? soaks : _split[environment.Name] = []).Add((share, step.Duration, fields.At));
        }

        return step;
    }

    private Step.Watch Watch(Fields fields, EnvironmentDraft? environment)
    {
        var step = _soaks.Watch(fields, Before(environment));
        if (environment is not null)
        {
            _watched.Add(environment.Name);
        }

        return step;
    }

    private Standing Before(EnvironmentDraft? environment) => environment is null
        ? new Standing(null, IsDeployed: false, null, null, null)
        : new Standing(
            environment,
            _weights.TryGetValue(environment.Name, out var weight),
            weight,
            _suites.GetValueOrDefault(environment.Name),
            _loadTests.GetValueOrDefault(environment.Name));

    // The watch is the end: it runs when the environment has been given free.
    private void CheckWatched(string kind, Fields fields, EnvironmentDraft? environment)
    {
        if (kind is not ("watch" or "signOff") && environment is not null && _watched.Contains(environment.Name))
        {
            faults.Add("contradiction", fields.At, $"'{kind}' comes after the watch of '{environment.Name}', which begins when the release is over.", "move the watch to the end");
        }
    }

    private void CheckEnds(Fields plan)
    {
        SoakLength.Check(environments, analysis, _split, faults);
        foreach (var (name, weight) in _weights.Where(w => w.Value is not null and not 100))
        {
            faults.Warn("not-promoted", plan.Where("steps"), $"The plan ends with the new revision at {weight} % in '{name}'.", "end with 'setWeight: 100'");
        }

        if (_weights.Count == 0 && plan.Has("steps") && !_currentUnknown)
        {
            faults.Warn("no-deploy", plan.Where("steps"), "No step deploys anything.");
        }

        foreach (var unused in environments.Where(e => e.Order > _furthest))
        {
            faults.Warn("unused-environment", unused.Fields.At, $"No step touches '{unused.Name}'.");
        }

        var declared = plan.Find("analysis") is Node.Mapping mapping ? mapping.Find("metrics") : null;
        if (declared is Node.Sequence { Items: var items } && items.Any(i => !ThresholdSection.Takes(i)) && environments.Count > 0 && environments.All(e => !e.Measures))
        {
            faults.Add(
                "contradiction", declared, "Metrics are declared, and no environment has a source of metrics.",
                "add 'router: { kind: gateway, listen: ... }' to an environment");
        }
    }
}
