using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Sluice.Domain.Rollouts;

namespace Sluice.Orchestration.Telemetry;

/// <summary>One trace for each rollout: its start, its activities, those of its children, its rollback.</summary>
/// <remarks>
/// The trace id is derived from the rollout's id, so it needs no place in stored inputs and is the same after a crash, a replay and on both
/// hosts; who knows a rollout finds its trace. A rollout lasts days and is not part of the request that began it: the two are linked.
/// </remarks>
public static class RolloutTrace
{
    /// <summary>The trace of the rollout that an instance belongs to: the first 16 bytes of SHA-256 of the rollout's id.</summary>
    public static ActivityTraceId IdOf(string instanceId) =>
        ActivityTraceId.CreateFromBytes(SHA256.HashData(Encoding.UTF8.GetBytes(RolloutIds.Parent(instanceId))).AsSpan(0, 16));

    /// <summary>A span around work for an instance; below the present one when the host brings one, else at the root of the rollout's trace.</summary>
    internal static Activity? Begin(string kind, string name, string instanceId)
    {
        if (!SluiceTelemetry.Source.HasListeners())
        {
            return null;
        }

        var parent = Activity.Current is null ? RootOf(instanceId) : default;
        return SluiceTelemetry.Source.StartActivity($"{kind} {name}", ActivityKind.Internal, parent);
    }

    /// <summary>
    /// A span around the start of an instance, at the root of the rollout's trace and linked with the request that asks for it. Hosts
    /// that carry the present span to orchestrations carry this one, so that theirs are in the same trace.
    /// </summary>
    internal static Activity? BeginStart(string orchestration, string instanceId)
    {
        if (!SluiceTelemetry.Source.HasListeners())
        {
            return null;
        }

        var request = Activity.Current;
        ActivityLink[] links = request is null ? [] : [new ActivityLink(request.Context)];
        var span = SluiceTelemetry.Source.StartActivity($"start {orchestration}", ActivityKind.Producer, RootOf(instanceId), links: links);
        span?.SetTag(Tags.InstanceId, instanceId);
        if (span is not null)
        {
            request?.AddLink(new ActivityLink(span.Context));
        }

        return span;
    }

    /// <summary>A span over something that is known only at its end.</summary>
    internal static void Tell(
        string name, string rolloutId, DateTimeOffset from, DateTimeOffset to, string? error, params ReadOnlySpan<(string Name, string Value)> tags)
    {
        using var span = SluiceTelemetry.Source.StartActivity(name, ActivityKind.Internal, RootOf(rolloutId), startTime: from);
        if (span is null)
        {
            return;
        }

        span.SetTag(Tags.InstanceId, rolloutId);
        foreach (var (tag, value) in tags)
        {
            span.SetTag(tag, value);
        }

        if (error is not null)
        {
            span.SetStatus(ActivityStatusCode.Error, error);
        }

        span.SetEndTime(to.UtcDateTime);
    }

    // No span id: what is begun here has no parent. Recorded, as half a rollout's trace would tell nothing.
    private static ActivityContext RootOf(string instanceId) => new(IdOf(instanceId), default, ActivityTraceFlags.Recorded);
}
