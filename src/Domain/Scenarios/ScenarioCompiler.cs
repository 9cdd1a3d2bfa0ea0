using System.Globalization;
using System.Text;
using Sluice.Domain.Plans;
using Sluice.Domain.Plans.Compilation;
using Sluice.Domain.Rollouts;

namespace Sluice.Domain.Scenarios;

/// <summary>Reads scenarios. Pure; reports every fault it can find, not the first.</summary>
public static class ScenarioCompiler
{
    private const string DefaultRelease = "v2.0.0";
    private const string DefaultStable = "v1.0.0";
    private const double MaxPerMinute = 10_000_000;
    private static readonly DateTimeOffset DefaultStart = new(2027, 1, 4, 9, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Longest = TimeSpan.FromDays(90);
    private static readonly TimeSpan LongestLatency = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan OneMillisecond = TimeSpan.FromMilliseconds(1);

    /// <summary>Reads a scenario.</summary>
    /// <param name="text">YAML or JSON.</param>
    public static FileCompilation<Scenario> Compile(string text)
    {
        var faults = new Faults();
        if (Encoding.UTF8.GetByteCount(text) > Bundle.MaxBytes)
        {
            faults.Add("too-large", "", 0, 0, $"The file has more than {Bundle.MaxBytes} bytes.");
            return new FileCompilation<Scenario>(null, faults.All, []);
        }

        var scenario = YamlTree.Read(text, faults) is { } root ? Read(Fields.Of(root, faults, ScenarioKeys.Scenario), faults) : null;
        return new FileCompilation<Scenario>(faults.All.Count == 0 ? scenario : null, faults.All, faults.Warnings);
    }

    private static Scenario Read(Fields fields, Faults faults)
    {
        if (fields.Find("schema", "1") is { } schema and not Node.Scalar { Text: "1" })
        {
            faults.Add("unknown-schema", schema, $"This build reads schema 1, not {faults.Show(schema)}.");
        }

        var release = Version(fields, "release", DefaultRelease, faults);
        var stable = fields.Find("stable") is Node.Scalar { Text: "none" } ? null : Version(fields, "stable", DefaultStable, faults);
        if (release == stable)
        {
            faults.Add("same-version", fields.Where("release"), $"'{release}' serves already.", $"another version than 'stable: {stable}'");
        }

        var counts = Counts(fields, faults);
        var (stableProfile, canaryProfile) = Profiles(fields, counts is not null, faults);
        if (counts is not null && fields.Has("traffic"))
        {
            faults.Add("two-sources", fields.Where("counts"), "Counts say what users do, and 'traffic' does too.", "remove one of them");
        }

        return new Scenario
        {
            Release = release,
            Stable = stable,
            Start = Start(fields, faults),
            Until = fields.Duration("until", TimeSpan.FromMinutes(1), Longest) ?? TimeSpan.FromDays(14),
            Seed = fields.Integer("seed", 0, int.MaxValue) ?? 1,
            Traffic = Traffic(fields, faults),
            StableProfile = stableProfile,
            CanaryProfile = canaryProfile,
            Counts = counts,
            Faults = [.. fields.Items("faults").Select(node => Fault(node, counts is not null, faults)).OfType<ScenarioFault>()],
            People = [.. fields.Items("people").Select(node => Person(node, faults)).OfType<PersonSays>().OrderBy(p => p.At)],
            Crashes = [.. fields.Items("crashes").Select(node => Crash(node, faults)).OfType<HostCrash>()],
            Expect = Expect(fields, faults),
        };
    }

    private static string Version(Fields fields, string key, string fallback, Faults faults)
    {
        var version = fields.Text(key) ?? fallback;
        if (ReleaseVersion.Parse(version, out var fault) is null)
        {
            faults.Add("bad-version", fields.Where(key), fault!);
        }

        return version;
    }

    private static DateTimeOffset Start(Fields fields, Faults faults)
    {
        if (fields.Text("start") is not { } text)
        {
            return DefaultStart;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var start))
        {
            return start;
        }

        faults.Add("bad-time", fields.Where("start"), $"Expected a moment in UTC, found '{text}'.", "for example 2027-01-04T09:00:00Z");
        return DefaultStart;
    }

    private static UserTraffic Traffic(Fields fields, Faults faults)
    {
        var defaults = new UserTraffic(Series.Of(6_000), 0, TimeSpan.FromHours(14));
        if (fields.Find("traffic") is not { } node)
        {
            return defaults;
        }

        var traffic = Fields.Of(node, faults, ScenarioKeys.Traffic);
        return new UserTraffic(
            Numbers(traffic, "perMinute", MaxPerMinute, faults) ?? defaults.PerMinute,
            traffic.Number("swing", 0, 1) ?? 0,
            traffic.Duration("peak", TimeSpan.Zero, TimeSpan.FromDays(1)) ?? defaults.Peak)
        {
            KnowsClients = traffic.Boolean("clients") ?? false,
        };
    }

    // What is not said of the release is as with stable.
    private static (RevisionProfile Stable, RevisionProfile Canary) Profiles(Fields fields, bool counted, Faults faults)
    {
        var usual = new RevisionProfile(Series.Of(0.005), Series.Of(0.08), 0.5, TimeSpan.FromSeconds(5), 0);
        var revisions = fields.Find("revisions") is { } node ? Fields.Of(node, faults, ScenarioKeys.Revisions) : null;
        var stable = Profile(revisions, "stable", usual, counted, faults);
        return (stable, Profile(revisions, "canary", stable, counted, faults));
    }

    private static RevisionProfile Profile(Fields? revisions, string key, RevisionProfile fallback, bool counted, Faults faults)
    {
        if (revisions?.Find(key) is not { } node)
        {
            return fallback;
        }

        var fields = Fields.Of(node, faults, ScenarioKeys.Revision);
        foreach (var drawn in counted ? ScenarioKeys.Drawn.Where(fields.Has) : [])
        {
            faults.Add("two-sources", fields.Where(drawn), $"Counts say what users meet, and '{drawn}' does too.", "remove one of them");
        }

        var never = fields.Find("readyAfter") is Node.Scalar { Text: "never" };
        return new RevisionProfile(
            Numbers(fields, "errorRate", 1, faults) ?? fallback.ErrorRate,
            Latencies(fields, faults) ?? fallback.Latency,
            fields.Number("spread", 0.01, 3) ?? fallback.Spread,
            never ? null : fields.Duration("readyAfter", TimeSpan.Zero, TimeSpan.FromDays(1)) ?? fallback.ReadyAfter,
            fields.Number("loadErrorRate", 0, 1) ?? fallback.LoadErrorRate)
        {
            Burst = fields.Number("burst", 1, 100) ?? fallback.Burst,
            Frailty = fields.Number("frailty", 0, 2) ?? fallback.Frailty,
        };
    }

    private static Series? Numbers(Fields fields, string key, double to, Faults faults) =>
        SeriesOf(fields, key, faults, (at, name) => at.Number(name, 0, to, "0.005"));

    private static Series? Latencies(Fields fields, Faults faults) =>
        SeriesOf(fields, "latency", faults, (at, name) => at.Duration(name, OneMillisecond, LongestLatency, "80ms")?.TotalSeconds);

    /// <summary>One value, or a list of <c>{ at, value }</c>.</summary>
    private static Series? SeriesOf(Fields fields, string key, Faults faults, Func<Fields, string, double?> read)
    {
        if (!fields.Has(key))
        {
            return null;
        }

        if (fields.Find(key) is not Node.Sequence list)
        {
            return read(fields, key) is { } value ? Series.Of(value) : null;
        }

        var points = new List<(TimeSpan At, double Value)>();
        foreach (var item in list.Items)
        {
            var point = Fields.Of(item, faults, ScenarioKeys.Point);
            var (at, value) = (point.Duration("at", TimeSpan.Zero, Longest, "0s"), read(point, "value"));
            if (at is null || value is null)
            {
                continue;
            }

            var expected = points.Count == 0 ? at == TimeSpan.Zero : at > points[^1].At;
            if (!expected)
            {
                faults.Add("bad-order", point.Where("at"), points.Count == 0 ? "The first point is at 0s." : $"Expected a time after {Durations.Format(points[^1].At)}.");
            }

            points.Add((at.Value, value.Value));
        }

        if (list.Items.Count == 0)
        {
            faults.Add("empty-list", list, "Expected at least one item.", $"for example '{key}: [{{ at: 0s, value: … }}]'");
        }

        return points.Count == 0 ? null : new Series(points);
    }

    private static CountTable? Counts(Fields fields, Faults faults)
    {
        if (fields.Find("counts") is not { } node)
        {
            return null;
        }

        var counts = Fields.Of(node, faults, ScenarioKeys.Counts);
        return new CountTable(Minutes(counts, "canary", faults), Minutes(counts, "stable", faults));
    }

    private static IReadOnlyList<MinuteCounts> Minutes(Fields counts, string key, Faults faults)
    {
        var minutes = new List<MinuteCounts>();
        foreach (var item in counts.Items(key, "[[300, 2], [295, 1]]"))
        {
            if (item is Node.Sequence { Items: [Node.Scalar first, Node.Scalar second] }
                && long.TryParse(first.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var requests)
                && long.TryParse(second.Text, NumberStyles.None, CultureInfo.InvariantCulture, out var errors)
                && errors <= requests)
            {
                minutes.Add(new MinuteCounts(requests, errors));
            }
            else
            {
                faults.Add("bad-counts", item, "Expected requests and errors of one minute, errors not above requests.", "for example '[300, 2]'");
            }
        }

        return minutes;
    }

    private static ScenarioFault? Fault(Node node, bool counted, Faults faults)
    {
        var fields = Fields.Of(node, faults, ScenarioKeys.Fault);
        var kind = fields.Word("kind", ScenarioKeys.FaultKinds, "outage");
        var at = fields.Duration("at", TimeSpan.Zero, Longest, "10m");
        var length = fields.Duration("for", OneMillisecond, Longest);
        if (length is null && !fields.Has("for") && kind is not (null or FaultKind.LoseCounts))
        {
            fields.Find("for", "5m");
        }

        var call = fields.Text("call");
        if (kind is FaultKind.Fail or FaultKind.Hang)
        {
            call = fields.Text("call", "router.set");
            if (call is not null && !ScenarioKeys.Calls.Contains(call))
            {
                faults.Add("unknown-value", fields.Where("call"), $"'{call}' is not a call.", Spelling.Suggest(call, ScenarioKeys.Calls));
            }
        }

        if (counted && kind is FaultKind.Outage)
        {
            faults.Add("two-sources", fields.Where("kind"), "Counts say what users meet, and an outage does too.", "remove it, or write its failures into the counts");
        }

        Misplaced(fields, faults, "call", kind is FaultKind.Fail or FaultKind.Hang, kind);
        Misplaced(fields, faults, "errorRate", kind is FaultKind.Outage, kind);
        Misplaced(fields, faults, "stableLag", kind is FaultKind.Outage, kind);
        Misplaced(fields, faults, "revision", kind is FaultKind.Crash or FaultKind.Smoke, kind);
        return kind is { } known && at is { } begin
            ? new ScenarioFault(known, begin, length ?? OneMillisecond)
            {
                Arm = fields.Word("revision", ScenarioKeys.Arms) ?? Arm.Canary,
                Call = call,
                ErrorRate = fields.Number("errorRate", 0, 1) ?? 0.3,
                StableLag = fields.Duration("stableLag", TimeSpan.Zero, TimeSpan.FromHours(1)) ?? TimeSpan.Zero,
            }
            : null;
    }

    private static void Misplaced(Fields fields, Faults faults, string key, bool fits, FaultKind? kind)
    {
        if (kind is not null && !fits && fields.Has(key))
        {
            faults.Add("misplaced-key", fields.Where(key), $"'{key}' means nothing for this kind of fault.", "remove it");
        }
    }

    private static PersonSays? Person(Node node, Faults faults)
    {
        var fields = Fields.Of(node, faults, ScenarioKeys.Person);
        var at = fields.Duration("at", TimeSpan.Zero, Longest, "25h");
        var say = fields.Text("say", "approve");
        if (say is not null && !ScenarioKeys.Says.Contains(say))
        {
            faults.Add("unknown-value", fields.Where("say"), $"'{say}' is nothing one says to a rollout.", Spelling.Suggest(say, ScenarioKeys.Says));
        }

        var by = fields.Text("by", "ana");
        var (item, condition) = (fields.Text("item"), fields.Text("condition"));
        Named(fields, faults, "item", say, "tick");
        Named(fields, faults, "condition", say, "report");
        if (fields.Has("passed") && say is not ("tick" or "report"))
        {
            faults.Add("misplaced-key", fields.Where("passed"), $"'passed' means nothing for '{say}'.", "remove it");
        }

        return at is { } when && say is not null && by is not null
            ? new PersonSays(when, say, by, fields.Texts("groups"), fields.Text("reason")) { Item = item ?? condition, Passed = fields.Boolean("passed") ?? true }
            : null;
    }

    private static void Named(Fields fields, Faults faults, string key, string? say, string word)
    {
        if (fields.Has(key) && say != word)
        {
            faults.Add("misplaced-key", fields.Where(key), $"'{key}' means nothing for '{say}'.", "remove it");
        }
        else if (!fields.Has(key) && say == word)
        {
            faults.Add("missing-key", fields.Where("say"), $"Whoever says '{word}' names the {key}.", $"'{key}: …'");
        }
    }

    private static HostCrash? Crash(Node node, Faults faults)
    {
        var fields = Fields.Of(node, faults, ScenarioKeys.Crash);
        var (at, after) = (fields.Duration("at", TimeSpan.Zero, Longest), fields.Integer("afterActivity", 1, 1_000_000));
        if (node is Node.Mapping && fields.Has("at") == fields.Has("afterActivity"))
        {
            faults.Add("missing-key", node, "A crash is either at a time or after an activity.", "'{ at: 12m }' or '{ afterActivity: 17 }'");
        }

        return at is null && after is null ? null : new HostCrash(at, after);
    }

    private static Expectation? Expect(Fields fields, Faults faults)
    {
        if (fields.Find("expect") is not { } node)
        {
            return null;
        }

        var expect = Fields.Of(node, faults, ScenarioKeys.Expect);
        return new Expectation
        {
            Outcome = expect.Word("outcome", ScenarioKeys.Outcomes),
            DetectedWithin = expect.Duration("detectedWithin", TimeSpan.FromSeconds(1), Longest),
            From = expect.Duration("from", TimeSpan.Zero, Longest) ?? TimeSpan.Zero,
            EndsWithin = expect.Duration("endsWithin", TimeSpan.FromSeconds(1), Longest),
            Says = expect.Text("says"),
            InAtLeast = expect.Number("inAtLeast", 0, 1) ?? 1,
        };
    }
}
