using System.Collections.ObjectModel;

namespace Sluice.Domain.Plans.Compilation;

/// <summary>Reads the steps that look at a revision for a while: <c>soak</c>, <c>hold</c>, <c>watch</c>.</summary>
internal sealed class SoakSection(AnalysisSpec analysis, Faults faults)
{
    private const int MostChecks = 300;
    private static readonly string[] ExposureOnly = ["minRequests"];
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(90);
    private static readonly TimeSpan FiveMinutes = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan[] Weeks = [.. new[] { 1, 2, 3, 4, 5, 6, 7, 14 }.Select(d => TimeSpan.FromDays(d))];
    private static readonly TimeSpan OneSecond = TimeSpan.FromSeconds(1);

    public Step.Soak Soak(Fields fields, Standing at)
    {
        var (environment, weight) = (at.Environment, at.Weight);
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
        var suite = clock == SoakClock.Wall ? at.Suite : null;

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

            if (at.IsDeployed && !measures)
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

        return new Step.Soak(length, every, clock, onFailure, minRequests, trafficTimeout, onNoData, Warmup(fields, length), suite)
        {
            Cadence = cadence.Count == 1 ? [] : cadence,
            Glance = Glance(fields, cadence, environment),
            Limits = Limits(fields),
            LoadTest = weight == 100 ? at.LoadTest : null,
        };
    }

    public Step.Hold Hold(Fields fields, Standing at)
    {
        var duration = fields.Duration("duration", OneSecond, LongestWait, "1h");
        if (at.Weight is { } weight and not 100)
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
            Glance = Glance(fields, cadence, at.Environment),
            Warmup = Warmup(fields, length),
            Limits = Limits(fields),
            Suite = at.Suite,
        };
    }

    public Step.Watch Watch(Fields fields, Standing at)
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

        if (at.Weight is { } weight and not 100)
        {
            faults.Add(
                "contradiction", fields.At, $"A watch begins when the release is over; here the new revision has {weight} %.", "add 'setWeight: 100' above it");
        }

        var reports = Moments(fields, "reports", duration);
        var reviews = Moments(fields, "reviews", LongestWait);
        return new Step.Watch(
            duration,
            every,
            [.. (fields.Has("reports") ? reports : [duration / 2]).Where(r => r < duration), duration],
            fields.Has("reviews") ? reviews : Weeks,
            at.Suite);
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

    private List<TimeSpan> Moments(Fields fields, string key, TimeSpan longest)
    {
        var moments = fields.Durations(key, OneSecond, longest);
        if (moments.Zip(moments.Skip(1)).Any(m => m.First >= m.Second))
        {
            faults.Add("contradiction", fields.Where(key), $"'{key}' are moments after the release, each later than the one before.");
        }

        return moments;
    }
}

/// <summary>Where an environment stands before a step.</summary>
/// <param name="Environment">Null where a fault was reported.</param>
/// <param name="IsDeployed">The new revision was started there.</param>
/// <param name="Weight">Its share in percent; null when it is not there, or could not be read.</param>
/// <param name="Suite">The smoke suite that was run there before; null for none.</param>
/// <param name="LoadTest">The load test likewise.</param>
internal sealed record Standing(EnvironmentDraft? Environment, bool IsDeployed, int? Weight, SmokeSuite? Suite, Step.Baseline? LoadTest);
