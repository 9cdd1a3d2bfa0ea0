using System.Text.Json;
using Sluice.Durable;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Process;

namespace Sluice.Platforms.Gateway.Control;

/// <summary>What one environment's traffic must survive a restart with.</summary>
internal sealed record EnvironmentState(string Service, string Environment)
{
    /// <summary>Null when it does not listen.</summary>
    public ListenerSpec? Listener { get; init; }

    /// <summary>Percent by revision; absent means 0.</summary>
    public IReadOnlyDictionary<string, int> Weights { get; init; } = new Dictionary<string, int>();

    /// <summary>The highest fence seen.</summary>
    public Fence? Fence { get; init; }

    /// <summary>The fence of the weights.</summary>
    public Fence? TrafficFence { get; init; }
}

/// <summary>The content of <c>gateway/state.json</c>.</summary>
internal sealed record GatewayState(int SchemaVersion, IReadOnlyList<EnvironmentState> Environments);

/// <summary>Keeps <see cref="GatewayState"/>: on disk when a change returns.</summary>
internal sealed class GatewayStateFile
{
    private const int CurrentSchema = 1;

    private readonly string _path;
    private readonly Lock _lock = new();
    private readonly Dictionary<EnvironmentKey, EnvironmentState> _environments;

    /// <exception cref="PlatformException"><c>Invalid</c>: the file is damaged or newer than this program.</exception>
    public GatewayStateFile(string path)
    {
        _path = path;
        _environments = Read(path).ToDictionary(e => new EnvironmentKey(e.Service, e.Environment));
    }

    /// <summary>All that were ever put.</summary>
    public IReadOnlyList<EnvironmentKey> Keys
    {
        get
        {
            lock (_lock)
            {
                return [.. _environments.Keys];
            }
        }
    }

    /// <summary>The state of an environment; an empty one when none was put.</summary>
    public EnvironmentState Get(EnvironmentKey key)
    {
        lock (_lock)
        {
            return _environments.GetValueOrDefault(key) ?? new EnvironmentState(key.Service, key.Environment);
        }
    }

    /// <summary>Keeps the environment's state in place of what was there.</summary>
    public void Put(EnvironmentState environment)
    {
        lock (_lock)
        {
            var key = new EnvironmentKey(environment.Service, environment.Environment);
            var state = new GatewayState(CurrentSchema, [.. _environments.Where(e => e.Key != key).Select(e => e.Value), environment]);
            PrivateFile.Replace(_path, JsonSerializer.SerializeToUtf8Bytes(state, DurableJson.Options));
            _environments[key] = environment;
        }
    }

    private static IReadOnlyList<EnvironmentState> Read(string path)
    {
        if (!File.Exists(path))
        {
            return [];
        }

        try
        {
            var state = JsonSerializer.Deserialize<GatewayState>(File.ReadAllBytes(path), DurableJson.Options)!;
            return state.SchemaVersion > CurrentSchema
                ? throw new PlatformException(
                    PlatformError.Invalid,
                    $"{path} has schema {state.SchemaVersion}, this program reads up to {CurrentSchema}: run the newer Sluice that wrote it.")
                : state.Environments;
        }
        catch (JsonException e)
        {
            throw new PlatformException(
                PlatformError.Invalid,
                $"{path} is damaged ({e.Message}). Restore it from a backup; without it, delete it: weights are then 0 until they are set again.",
                e);
        }
    }
}
