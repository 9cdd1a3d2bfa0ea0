using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Sluice.Durable;
using Sluice.Engine.History;
using Sluice.Engine.Store;

namespace Sluice.Engine;

/// <summary>What happened to one instance in its present run, taken out of a file: to be replayed elsewhere, or kept as a specimen.</summary>
public sealed class StoredHistory
{
    private const int LongestName = 150;

    private StoredHistory(Head head, List<HistoryEvent> events) => (Top, Events) = (head, events);

    /// <summary>Which instance.</summary>
    public string InstanceId => Top.InstanceId;

    /// <summary>Its orchestrator.</summary>
    public string Name => Top.Name;

    /// <summary>Its version; empty for none.</summary>
    public string Version => Top.Version;

    /// <summary>Where it stood.</summary>
    public RuntimeStatus Status => Top.Status;

    internal List<HistoryEvent> Events { get; }

    private Head Top { get; }

    /// <summary>The instances of an engine's file that match, oldest first. The file may be in use, or of an earlier version; nothing is written to it.</summary>
    /// <param name="path">The database file.</param>
    /// <param name="statuses">In one of these states; all that have not ended when null.</param>
    /// <exception cref="EngineStoreException">The file cannot be read.</exception>
    public static IEnumerable<StoredHistory> ReadFile(string path, IReadOnlyCollection<RuntimeStatus>? statuses = null)
    {
        using var present = new PresentCopy(path);
        using var reader = new StoreReader(present.Path);
        var query = new EngineQuery
        {
            PageSize = 1_000,
            Statuses = statuses ?? [RuntimeStatus.Pending, RuntimeStatus.Running, RuntimeStatus.Suspended, RuntimeStatus.ContinuedAsNew],
        };
        do
        {
            var page = reader.Query(query);
            foreach (var instance in page.Instances)
            {
                if (reader.Find(instance.InstanceId) is { } row)
                {
                    yield return new StoredHistory(
                        new Head(row.Id, row.Name, row.Version, row.Status), [.. reader.History(row.Key).SelectMany(HistoryJson.ReadList)]);
                }
            }

            query = query with { ContinuationToken = page.ContinuationToken };
        }
        while (query.ContinuationToken is not null);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    /// <exception cref="JsonException">It is not that; says what is wrong.</exception>
    public static StoredHistory Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        var head = document.RootElement.Deserialize(StoredHistoryJson.Default.Head);
        return head is { InstanceId: not null, Name: not null } && document.RootElement.TryGetProperty("events", out var events)
            ? new StoredHistory(head with { Version = head.Version ?? "" }, HistoryJson.ReadList(events.GetRawText()))
            : throw new JsonException("An exported history has 'instanceId', 'name' and 'events'.");
    }

    /// <summary>As JSON, one event a line. Stack traces are left out: they say where a program was built, and no replay needs them.</summary>
    public string Write()
    {
        var head = JsonSerializer.Serialize(Top, StoredHistoryJson.Default.Head);
        var text = new StringBuilder(head[..^1]).Append(",\n\"events\": [");
        foreach (var (i, historyEvent) in Events.Index())
        {
            text.Append(i == 0 ? "\n" : ",\n").Append(HistoryJson.Write(WithoutStackTrace(historyEvent)));
        }

        return text.Append("\n]}\n").ToString();
    }

    /// <summary>A file name for it that every file system takes, and that no other id has.</summary>
    public string FileName
    {
        get
        {
            var name = Uri.EscapeDataString(InstanceId).Replace("_", "__", StringComparison.Ordinal).Replace('%', '_');
            return name.Length <= LongestName
                ? name + ".json"
                : $"{name[..LongestName]}-{Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(InstanceId)))}.json";
        }
    }

    /// <summary>The same up to an event.</summary>
    internal StoredHistory UpTo(int count) => new(Top, Events[..count]);

    private static HistoryEvent WithoutStackTrace(HistoryEvent historyEvent) => historyEvent switch
    {
        TaskFailed e => e with { Failure = WithoutStackTrace(e.Failure) },
        SubOrchestrationInstanceFailed e => e with { Failure = WithoutStackTrace(e.Failure) },
        ExecutionFailed e => e with { Failure = WithoutStackTrace(e.Failure) },
        _ => historyEvent,
    };

    private static TaskFailure WithoutStackTrace(TaskFailure failure) =>
        failure with { StackTrace = null, Inner = failure.Inner is { } inner ? WithoutStackTrace(inner) : null };

    internal sealed record Head(string InstanceId, string Name, string Version, RuntimeStatus Status);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(StoredHistory.Head))]
internal sealed partial class StoredHistoryJson : JsonSerializerContext;
