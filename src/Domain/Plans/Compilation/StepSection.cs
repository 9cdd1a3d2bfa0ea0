using System.Collections.ObjectModel;

namespace Sluice.Domain.Plans.Compilation;

/// <summary>Reads <c>steps:</c>, in order, keeping book of where every environment stands before each.</summary>
internal sealed class StepSection(
    IReadOnlyList<EnvironmentDraft> environments, AnalysisSpec analysis, BundleFiles files, Faults faults)
{
    private static readonly string[] ExposureOnly = ["minRequests"];
    private static readonly string[] Scores = ["passScore", "warningScore"];
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(90);
    private static readonly TimeSpan FiveMinutes = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan[] Weeks = [.. new[] { 1, 2, 3, 4, 5, 6, 7, 14 }.Select(d => TimeSpan.FromDays(d))];
    private const int MostChecks = 300;
    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan OneMillisecond = TimeSpan.FromMilliseconds(1);

    /// <summary>Percent of the canary by environment, once deployed there; null when it could not be read.</summary>
    private readonly Dictionary<string, int?> _weights = [];
    private readonly Dictionary<string, SmokeSuite> _suites = [];
    private readonly Dictionary<string, Step.Baseline> _loadTests = [];
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
            "hold" => Hold(fields, environment),
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
        var path = fields.Text("path", "/health") ?? "/";
        if (path[0] != '/' || path.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)))
        {
            faults.Add("bad-path", fields.Where("path"), $"Expected an absolute path such as /health, found '{path}'.");
        }

        var requests = fields.Integer("requests", 1, 100_000) ?? 1000;
        var concurrency = fields.Integer("concurrency", 1, 256) ?? Math.Min(10, requests);
        if (concurrency > requests)
        {
            faults.Add("contradiction", fields.Where("concurrency"), $"{concurrency} at a time cannot be reached with {requests} requests.");
        }

        var step = new Step.Baseline(
            path,
            requests,
            concurrency,
            fields.Number("maxErrorRate", 0, 1) ?? 0,
            fields.Duration("maxP99", OneMillisecond, TimeSpan.FromMinutes(1)),
            fields.Number("regression", 1, 100))
        {
            Objectives = ObjectiveSection.Read(fields, faults),
            PassScore = fields.Integer("passScore", 1, 100) ?? 90,
            WarningScore = fields.Integer("warningScore", 1, 100) ?? Math.Min(75, fields.Integer("passScore", 1, 100) ?? 90),
            CompareWith = fields.Integer("compareWith", 1, 50) ?? 5,
        };
        if (step.WarningScore > step.PassScore)
        {
            faults.Add("contradiction", fields.Where("warningScore"), $"A warning from {step.WarningScore} % on is stricter than the pass from {step.PassScore} % on.");
        }

        foreach (var key in Scores.Where(k => fields.Has(k) && !fields.Has("objectives")))
        {
            faults.Warn("no-effect", fields.Where(key), $"'{key}' has no effect without 'objectives'.");
        }

        if (environment is not null)
        {
            _loadTests[environment.Name] = step;
        }

        return step;
    }

    private Step.Soak Soak(Fields fields, EnvironmentDraft? environment)
    {
        var deployed = environment is not null && _weights.ContainsKey(environment.Name);
        var weight = deployed ? _weights[environment!.Name] : null;
        var measures = environment?.Measures ?? true;

        var duration = fields.Duration("duration", OneSecond, LongestWait, "15m");
        var length = duration ?? TimeSpan.FromMinutes(15);
        var cadence = CadenceSection.Read(fields, duration, faults);
        var every = cadence[0].Every;
        var clock = fields.Word("clock", PlanWords.Clocks)
            ?? (weight is > 0 and < 100 && measures ? SoakClock.Exposure : SoakClock.Wall);
        var onFailure = OnFailure(fields, weight, environment);
        var minRequests = fields.Integer("minRequests", 1, 1_000_000) ?? 10;
        var trafficTimeout = fields.Duration("trafficTimeout", OneSecond, LongestWait)
            ?? TimeSpan.FromTicks(Math.Max(4 * length.Ticks, TimeSpan.FromMinutes(30).Ticks));
        var onNoData = fields.Word("onNoData", PlanWords.NoDataActions) ?? NoDataAction.Wait;
        var suite = clock == SoakClock.Wall && environment is not null ? _suites.GetValueOrDefault(environment.Name) : null;

        if (clock == SoakClock.Exposure)
        {
            CheckExposure(fields, environment, weight, measures, trafficTimeout, every);
        }
        else
        {
            foreach (var key in ExposureOnly.Where(fields.Has))
            {
                faults.Warn("no-effect", fields.Where(key), $"'{key}' has no effect on the wall clock.");
            }

            if (deployed && !measures)
            {
                var looks = suite is null ? "health only" : "health and the smoke suite only";
                faults.Warn("no-metrics", fields.At, $"'{environment!.Name}' has no metrics: this soak looks at {looks}.");
            }
        }

        foreach (var late in analysis.Thresholds.Where(t => t is { DryRun: false, Severity: Severity.Critical } && t.InitialDelay >= length && environment?.Answers(t) == true))
        {
            faults.Warn(
                "late-metric", fields.At, $"This soak of {Durations.Format(length)} waits for '{late.Name}', which is first measured after {Durations.Format(late.InitialDelay)}.",
                "a shorter initialDelay, or a longer soak");
        }

        if (weight is > 0 and < 100 and var share)
        {
            (_split.TryGetValue(environment!.Name, out var soaks) ? soaks : _split[environment.Name] = []).Add((share, length, fields.At));
        }

        return new Step.Soak(length, every, clock, onFailure, minRequests, trafficTimeout, onNoData, Warmup(fields, length), suite)
        {
            Cadence = cadence.Count == 1 ? [] : cadence,
            Glance = Glance(fields, cadence, environment),
            Limits = Limits(fields),
            LoadTest = weight == 100 && environment is not null ? _loadTests.GetValueOrDefault(environment.Name) : null,
        };
    }

    /// <summary>How often health and hard limits are looked at, and what that means for a canary that fails.</summary>
    private TimeSpan Glance(Fields fields, IReadOnlyList<CadenceSpan> cadence, EnvironmentDraft? environment)
    {
        var shortest = cadence.Min(c => c.Every);
        var glance = fields.Duration("glance", OneSecond, TimeSpan.FromDays(1));
        if (glance > shortest)
        {
            faults.Add(
                "contradiction", fields.Where("glance"),
                $"A glance every {Durations.Format(glance.Value)} is rarer than the look every {Durations.Format(shortest)}.",
                $"at most {Durations.Format(shortest)}");
        }

        var length = glance ?? (shortest < Detection.Glance ? shortest : Detection.Glance);
        if (environment?.Metrics is { } source && Detection.Within(length, source) is var within && within > Detection.Promised)
        {
            faults.Warn(
                "slow-detection", fields.Where("glance"),
                $"A failing canary is seen within {Durations.Format(within)}, later than {Durations.Format(Detection.Promised)}.",
                source.Delay > TimeSpan.Zero ? $"the source is {Durations.Format(source.Delay)} late" : $"leave out 'glance', or 'glance: {Durations.Format(Detection.Glance)}'");
        }

        return length;
    }

    private static TimeSpan Warmup(Fields fields, TimeSpan length) => fields.Duration("warmup", TimeSpan.Zero, TimeSpan.FromDays(1))
        ?? TimeSpan.FromTicks(Math.Min(TimeSpan.FromMinutes(2).Ticks, length.Ticks / 5));

    /// <summary><c>limits: { errors: 0.005, latency-p99: 300ms }</c>: only metrics that the plan has.</summary>
    private IReadOnlyDictionary<string, double> Limits(Fields fields)
    {
        if (fields.Find("limits") is not { } node)
        {
            return ReadOnlyDictionary<string, double>.Empty;
        }

        var limits = new Dictionary<string, double>();
        var written = Fields.Of(node, faults);
        foreach (var entry in written.Entries)
        {
            var name = entry.Key.Text;
            var metric = analysis.Metrics.FirstOrDefault(m => m.Name.Text() == name);
            if (metric is null)
            {
                faults.Add(
                    "unknown-metric", entry.Key, $"'analysis.metrics' has no '{name}'.", Spelling.Suggest(name, analysis.Metrics.Select(m => m.Name.Text())));
            }
            else if (AnalysisSection.Limit(written, name, metric.Name) is { } limit)
            {
                limits[name] = limit;
            }
        }

        return limits;
    }

    private void CheckExposure(Fields fields, EnvironmentDraft? environment, int? weight, bool measures, TimeSpan trafficTimeout, TimeSpan every)
    {
        if (!measures)
        {
            faults.Add(
                "contradiction", fields.Where("clock"), $"The exposure clock counts requests, and '{environment!.Name}' has no metrics.",
                "write 'clock: wall', or add 'metrics'");
        }
        else if (weight == 0)
        {
            faults.Add(
                "contradiction", fields.Where("clock"), "The exposure clock counts requests, and at 0 % the canary gets none.",
                "write 'clock: wall', or set a weight first");
        }

        if (trafficTimeout < every)
        {
            faults.Add(
                "contradiction", fields.Where("trafficTimeout"),
                $"A traffic timeout of {Durations.Format(trafficTimeout)} ends before the first look after {Durations.Format(every)}.");
        }
    }

    private FailureAction OnFailure(Fields fields, int? weight, EnvironmentDraft? environment)
    {
        if (fields.Find("onFailure") is not { } node)
        {
            return FailureAction.Rollback;
        }

        if (node is not Node.Mapping)
        {
            return Fields.Word(node, PlanWords.FailureActions, faults) is { } kind ? new FailureAction(kind) : FailureAction.Rollback;
        }

        var reduce = Fields.Of(node, faults, PlanKeys.Reduce);
        var to = reduce.Integer("reduce", 1, 99, "5");
        if (to is not null && weight is { } present && to >= present)
        {
            faults.Add("contradiction", reduce.Where("reduce"), $"Reducing to {to} % is no reduction: the weight is {present} % here.");
        }
        else if (to is not null && environment is { Splits: false })
        {
            faults.Add("weight-undeliverable", reduce.Where("reduce"), $"Nothing can deliver {to} %: '{environment.Name}' has no router that splits traffic.");
        }

        return new FailureAction(FailureActionKind.Reduce, to);
    }

    private Step.Hold Hold(Fields fields, EnvironmentDraft? environment)
    {
        var duration = fields.Duration("duration", OneSecond, LongestWait, "1h");
        if (environment is not null && _weights.TryGetValue(environment.Name, out var weight) && weight is not null and not 100)
        {
            faults.Add(
                "contradiction", fields.At, $"A hold keeps the old revision warm while the new one has all traffic; here it has {weight} %.",
                "add 'setWeight: 100' above it");
        }

        var length = duration ?? TimeSpan.FromHours(1);
        var cadence = CadenceSection.Read(fields, duration, faults);
        return new Step.Hold(length, cadence[0].Every)
        {
            Cadence = cadence.Count == 1 ? [] : cadence,
            Glance = Glance(fields, cadence, environment),
            Warmup = Warmup(fields, length),
            Limits = Limits(fields),
            Suite = environment is null ? null : _suites.GetValueOrDefault(environment.Name),
        };
    }

    private Step.Watch Watch(Fields fields, EnvironmentDraft? environment)
    {
        var duration = fields.Duration("duration", OneSecond, LongestWait) ?? TimeSpan.FromHours(1);
        var every = fields.Duration("every", OneSecond, TimeSpan.FromDays(1)) ?? (duration < FiveMinutes ? duration : FiveMinutes);
        if (every > duration)
        {
            faults.Add("contradiction", fields.Where("every"), $"Looking every {Durations.Format(every)} never looks within {Durations.Format(duration)}.");
        }
        else if (duration / every > MostChecks)
        {
            faults.Add(
                "out-of-range", fields.Where("every"), $"{duration / every:0} looks are more than the {MostChecks} of a watch after the release.",
                "soak or hold for longer, and watch less often");
        }

        if (environment is not null && _weights.TryGetValue(environment.Name, out var weight) && weight is not null and not 100)
        {
            faults.Add(
                "contradiction", fields.At, $"A watch begins when the release is over; here the new revision has {weight} %.", "add 'setWeight: 100' above it");
        }

        var reports = Moments(fields, "reports", duration);
        var reviews = Moments(fields, "reviews", LongestWait);
        if (environment is not null)
        {
            _watched.Add(environment.Name);
        }

        return new Step.Watch(
            duration,
            every,
            [.. (fields.Has("reports") ? reports : [duration / 2]).Where(r => r < duration), duration],
            fields.Has("reviews") ? reviews : Weeks,
            environment is null ? null : _suites.GetValueOrDefault(environment.Name));
    }

    private List<TimeSpan> Moments(Fields fields, string key, TimeSpan longest)
    {
        var moments = fields.Durations(key, OneSecond, longest);
        if (moments.Zip(moments.Skip(1)).Any(m => m.First >= m.Second))
        {
            faults.Add("contradiction", fields.Where(key), $"'{key}' are moments after the release, each later than the one before.");
        }

        return moments;
    }

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
