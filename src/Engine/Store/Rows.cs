using Sluice.Durable;
using Sluice.Engine.History;

namespace Sluice.Engine.Store;

/// <summary>Where a child's result goes.</summary>
internal sealed record ParentLink(long Key, int Task, string Name, string Id);

/// <summary>A row of <c>instances</c>; times are Unix milliseconds.</summary>
internal sealed record InstanceRow(
    long Key, string Id, string Name, string Version, RuntimeStatus Status, int Execution, long Created, long Updated)
{
    /// <summary>The columns, in the order <see cref="Read"/> takes them.</summary>
    public const string Columns =
        "key, id, name, version, status, execution, created, updated, input, output, custom_status, failure, tags, "
        + "parent_key, parent_task, parent_name, parent_id, trace";

    /// <summary>The same without what may be large.</summary>
    public const string BareColumns =
        "key, id, name, version, status, execution, created, updated, NULL, NULL, NULL, failure, tags, parent_key, parent_task, parent_name, parent_id, trace";

    public string? Input { get; init; }

    public string? Output { get; init; }

    public string? CustomStatus { get; init; }

    public string? Failure { get; init; }

    public string? Tags { get; init; }

    public ParentLink? Parent { get; init; }

    /// <summary>The span that started it, as a W3C traceparent; null when nobody traced.</summary>
    public string? Trace { get; init; }

    public static InstanceRow Read(Row r) => new(
        r.GetInt64(0), r.GetString(1), r.GetString(2), r.GetString(3), (RuntimeStatus)r.GetInt32(4), r.GetInt32(5), r.GetInt64(6), r.GetInt64(7))
    {
        Input = r.Text(8),
        Output = r.Text(9),
        CustomStatus = r.Text(10),
        Failure = r.Text(11),
        Tags = r.Text(12),
        Parent = r.Number(13) is { } key ? new ParentLink(key, r.GetInt32(14), r.GetString(15), r.GetString(16)) : null,
        Trace = r.Text(17),
    };

    public InstanceMetadata ToMetadata(bool withData) => new(
        Name, Id, Status, DateTimeOffset.FromUnixTimeMilliseconds(Created), DateTimeOffset.FromUnixTimeMilliseconds(Updated))
    {
        SerializedInput = withData ? Input : null,
        SerializedOutput = withData ? Output : null,
        SerializedCustomStatus = withData ? CustomStatus : null,
        Failure = HistoryJson.ReadFailure(Failure),
        Version = Version,
        Tags = HistoryJson.ReadTags(Tags),
    };

    public static bool IsTerminal(RuntimeStatus status) =>
        status is RuntimeStatus.Completed or RuntimeStatus.Failed or RuntimeStatus.Terminated or RuntimeStatus.Canceled;
}

/// <summary>What has to happen with an event once a turn has taken it.</summary>
internal enum Origin
{
    /// <summary>Nothing: it lives in memory only.</summary>
    Memory,

    /// <summary>Its inbox row goes.</summary>
    Inbox,

    /// <summary>The activity's row goes.</summary>
    Activity,

    /// <summary>The timer's row goes.</summary>
    Timer,
}

/// <summary>An event on its way to an instance.</summary>
/// <param name="Event">What happened.</param>
/// <param name="Origin">Where it is stored until taken.</param>
/// <param name="Number">The inbox row, or the task of an activity or timer.</param>
/// <param name="Execution">The run it belongs to; null for any.</param>
internal sealed record Message(HistoryEvent Event, Origin Origin, long Number, int? Execution = null);

/// <summary>An activity to run.</summary>
internal sealed record ActivityItem(long Instance, string InstanceId, int Execution, int Task, string Name, string? Input)
{
    /// <summary>The instance's, see <see cref="InstanceRow.Trace"/>.</summary>
    public string? Trace { get; init; }

    /// <summary>The instance's.</summary>
    public string Version { get; init; } = "";
}

/// <summary>A timer to fire.</summary>
internal sealed record TimerItem(long Instance, int Execution, int Task, long Due);
