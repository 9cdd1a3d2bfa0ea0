using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Sluice.Engine.Store;

namespace Sluice.Engine.Tracing;

/// <summary>
/// The spans of an instance before they are told. An instance keeps one text: the <c>traceparent</c> (W3C Trace Context §3.2) of the span
/// that started it. The ids of its own spans follow from that and from their numbers, so they are the same after a restart and nothing else
/// is stored.
/// </summary>
internal static class TraceIds
{
    // Decisions are numbered from 0.
    private const int RunNumber = -1;

    /// <summary>The span that started the instance.</summary>
    /// <param name="trace">See <see cref="InstanceRow.Trace"/>.</param>
    public static ActivityContext Parent(string trace) => ActivityContext.TryParse(trace, null, isRemote: true, out var parent) ? parent : default;

    /// <summary>The span of the present run.</summary>
    public static ActivityContext Run(InstanceRow row) => Of(row.Trace!, row.Key, row.Execution, RunNumber);

    /// <summary>The span of something the run has called, as the caller sees it: from the call to the answer.</summary>
    public static ActivityContext Call(InstanceRow row, int task) => Of(row.Trace!, row.Key, row.Execution, task);

    /// <summary>The same for an activity that is to run.</summary>
    public static ActivityContext Call(ActivityItem item) => Of(item.Trace!, item.Instance, item.Execution, item.Task);

    /// <summary>What a child keeps; null when its parent is not traced.</summary>
    public static string? Child(InstanceRow parent, int task)
    {
        if (parent.Trace is null)
        {
            return null;
        }

        var call = Call(parent, task);
        return string.Create(CultureInfo.InvariantCulture, $"00-{call.TraceId}-{call.SpanId}-{(byte)call.TraceFlags:x2}");
    }

    private static ActivityContext Of(string trace, long key, int execution, int number)
    {
        var parent = Parent(trace);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{trace}/{key}/{execution}/{number}")));
        return new ActivityContext(parent.TraceId, ActivitySpanId.CreateFromBytes(hash.AsSpan(0, 8)), parent.TraceFlags, isRemote: true);
    }
}
