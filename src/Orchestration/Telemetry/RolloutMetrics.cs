using System.Diagnostics;
using System.Diagnostics.Metrics;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;

namespace Sluice.Orchestration.Telemetry;

/// <summary>What rollouts come to. Instance ids and versions are never labels: there is no end of them.</summary>
internal static class RolloutMetrics
{
    private static readonly Counter<long> Started = SluiceTelemetry.Meter.CreateCounter<long>(
        "sluice.rollout.started", "{rollout}", "Rollouts begun.");

    private static readonly Counter<long> Finished = SluiceTelemetry.Meter.CreateCounter<long>(
        "sluice.rollout.ended", "{rollout}", "Rollouts ended.");

    private static readonly Histogram<double> Duration = SluiceTelemetry.Meter.CreateHistogram(
        "sluice.rollout.duration", "s", "From the start of a rollout to its outcome.", advice: Buckets.Days);

    private static readonly Histogram<double> TimeToFull = SluiceTelemetry.Meter.CreateHistogram(
        "sluice.rollout.time_to_full", "s", "From the start of a rollout to all traffic in an environment.", advice: Buckets.Days);

    private static readonly Counter<long> RollbacksStarted = SluiceTelemetry.Meter.CreateCounter<long>(
        "sluice.rollback.started", "{rollback}", "Rollbacks decided.");

    private static readonly Histogram<double> RollbackDuration = SluiceTelemetry.Meter.CreateHistogram(
        "sluice.rollback.duration", "s", "From the decision to roll back to everything being back.", advice: Buckets.Days);

    private static readonly Counter<long> Verdicts = SluiceTelemetry.Meter.CreateCounter<long>(
        "sluice.verdicts", "{verdict}", "What looks and load tests said.");

    private static readonly Histogram<double> LookDuration = SluiceTelemetry.Meter.CreateHistogram(
        "sluice.look.duration", "s", "Looks at a revision, each with what it had to ask.", advice: Buckets.Seconds);

    private static readonly Histogram<double> LockWait = SluiceTelemetry.Meter.CreateHistogram(
        "sluice.lock.wait.duration", "s", "From asking for an environment to holding it.", advice: Buckets.Days);

    /// <summary>Whether a record tells of anything that is counted here.</summary>
    public static bool Concern(Progress progress) => progress.Status is not null && progress.Events.Any(e => e.Type
        is "rollout.started" or "traffic.moved" or "rollback.triggered" or "rollback.completed" or "deployment.succeeded" or "deployment.failed");

    /// <summary>Counts what a record tells.</summary>
    /// <param name="before">The rollout as it was before this record was written; a record that was written before counts nothing.</param>
    /// <param name="progress">The record.</param>
    /// <param name="decided">When the rollback that ends in this record was decided; null when none ends.</param>
    /// <param name="now">UTC.</param>
    public static void Recorded(RolloutRecord before, Progress progress, DateTimeOffset? decided, DateTimeOffset now)
    {
        if (before.StatusSequence >= progress.Sequence)
        {
            return;
        }

        foreach (var item in progress.Events)
        {
            var tags = Where(before.Service, item.Environment ?? before.Environment);
            switch (item.Type)
            {
                case "rollout.started":
                    Started.Add(1, tags);
                    break;
                case "traffic.moved" when item.Data.GetValueOrDefault("weight") == "100":
                    TimeToFull.Record((item.At - before.CreatedAt).TotalSeconds, tags);
                    break;
                case "rollback.triggered":
                    RollbacksStarted.Add(1, tags);
                    break;
                case "rollback.completed" when decided is { } from:
                    RollbackDuration.Record((item.At - from).TotalSeconds, tags);
                    RolloutTrace.Tell(
                        "rollback", before.Id, from, item.At, null,
                        (Tags.Service, before.Service), (Tags.Environment, item.Environment ?? before.Environment));
                    break;
                default:
                    break;
            }
        }

        if (before.Status?.Outcome is null && progress.Status?.Outcome is { } outcome)
        {
            Ended(before, outcome, now);
        }
    }

    /// <summary>Counts an outcome. The caller has seen that the registry had none.</summary>
    public static void Ended(RolloutRecord rollout, Outcome outcome, DateTimeOffset now)
    {
        var tags = Where(rollout.Service, rollout.Environment);
        tags.Add(Tags.Outcome, outcome.ToString());
        Finished.Add(1, tags);
        Duration.Record((now - rollout.CreatedAt).TotalSeconds, tags);
        var good = outcome is Outcome.Promoted or Outcome.FastPromoted or Outcome.FastRolledBack;
        RolloutTrace.Tell(
            "rollout", rollout.Id, rollout.CreatedAt, now, good ? null : outcome.ToString(),
            (Tags.Service, rollout.Service), (Tags.Environment, rollout.Environment), (Tags.Outcome, outcome.ToString()));
    }

    /// <summary>Counts a look.</summary>
    /// <param name="target">At what.</param>
    /// <param name="glance">Whether only health and hard limits were looked at.</param>
    /// <param name="took">All of it.</param>
    public static void Looked(EnvironmentTarget target, bool glance, TimeSpan took)
    {
        var tags = Where(target.Service, target.Environment.Name);
        tags.Add(Tags.Look, glance ? "glance" : "full");
        LookDuration.Record(took.TotalSeconds, tags);
    }

    /// <summary>Counts a verdict.</summary>
    /// <param name="target">On what.</param>
    /// <param name="judge"><c>look</c> or <c>baseline</c>.</param>
    /// <param name="verdict">Which.</param>
    public static void Judged(EnvironmentTarget target, string judge, Verdict verdict)
    {
        var tags = Where(target.Service, target.Environment.Name);
        tags.Add(Tags.Judge, judge);
        tags.Add(Tags.Verdict, verdict.ToString());
        Verdicts.Add(1, tags);
    }

    /// <summary>Counts a lock that was taken.</summary>
    public static void Locked(LockRequest request, DateTimeOffset now) =>
        LockWait.Record((now - request.At).TotalSeconds, Where(request.Service, request.Environment));

    private static TagList Where(string service, string environment) => new() { { Tags.Service, service }, { Tags.Environment, environment } };
}
