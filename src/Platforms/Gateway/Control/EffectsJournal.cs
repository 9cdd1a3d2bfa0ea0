using System.Text.Json;
using Sluice.Durable;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Process;

namespace Sluice.Platforms.Gateway.Control;

/// <summary>Something the gateway did to the world, or saw happen to it.</summary>
/// <param name="Kind">What.</param>
/// <param name="Service">To whose.</param>
/// <param name="Environment">Where.</param>
public sealed record Effect(EffectKind Kind, string Service, string Environment)
{
    /// <summary>When, UTC.</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The revision, where one is meant.</summary>
    public string? Revision { get; init; }

    /// <summary>Index of the replica, where one is meant.</summary>
    public int? Replica { get; init; }

    /// <summary>Its process.</summary>
    public int? Pid { get; init; }

    /// <summary>Its port.</summary>
    public int? Port { get; init; }

    /// <summary>The weights set, percent by revision.</summary>
    public IReadOnlyDictionary<string, int>? Weights { get; init; }

    /// <summary>Under which fence.</summary>
    public Fence? Fence { get; init; }

    /// <summary>Under which idempotency key.</summary>
    public string? IdempotencyKey { get; init; }

    /// <summary>What it was concluded from: the health answer, the exit code, the requests cut.</summary>
    public string? Evidence { get; init; }
}

/// <summary>Kinds of <see cref="Effect"/>. Stored: values are added, never renamed.</summary>
public enum EffectKind
{
    /// <summary>The gateway itself came up.</summary>
    GatewayStarted,

    /// <summary>A process was started.</summary>
    ReplicaStarted,

    /// <summary>A running process of an earlier gateway was taken over.</summary>
    ReplicaAdopted,

    /// <summary>It may get traffic.</summary>
    ReplicaReady,

    /// <summary>It may not any more.</summary>
    ReplicaUnready,

    /// <summary>It ended by itself.</summary>
    ReplicaExited,

    /// <summary>It was ended.</summary>
    ReplicaStopped,

    /// <summary>Weights changed.</summary>
    TrafficSet,

    /// <summary>The last request of a revision had ended, or was cut.</summary>
    Drained,

    /// <summary>A revision was given up.</summary>
    RevisionFailed,

    /// <summary>A revision is down, all its processes gone.</summary>
    RevisionStopped,
}

/// <summary>
/// <c>gateway/effects.jsonl</c>: one line of JSON per effect, appended after it happened. Two runs that should have had the same effect are
/// compared by it.
/// </summary>
public sealed class EffectsJournal(string path, TimeProvider time) : IDisposable
{
    private readonly FileStream _file = PrivateFile.Open(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite);

    private readonly Lock _lock = new();

    /// <summary>Appends an effect with the time of now. A full disk loses the line, not the effect.</summary>
    public void Add(Effect effect)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(effect with { At = time.GetUtcNow() }, Json);
        lock (_lock)
        {
            try
            {
                _file.Write([.. line, (byte)'\n']);
            }
            catch (IOException)
            {
                // The journal is evidence, not state: nothing is decided by it.
            }
        }
    }

    /// <summary>Reads a journal; a last line that was cut by a crash is left out.</summary>
    public static IReadOnlyList<Effect> Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(file);
        var effects = new List<Effect>();
        while (reader.ReadLine() is { } line)
        {
            try
            {
                effects.Add(JsonSerializer.Deserialize<Effect>(line, Json)!);
            }
            catch (JsonException)
            {
                // A line that was cut.
            }
        }

        return effects;
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private static JsonSerializerOptions Json => DurableJson.Options;
}
