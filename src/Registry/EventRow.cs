using Sluice.Orchestration.Ports;
using Sluice.Registry.Storage;

namespace Sluice.Registry;

/// <summary>A row of <c>deployment_events</c>.</summary>
internal sealed class EventRow
{
    /// <summary>Order of arrival, given by the database.</summary>
    public long Number { get; init; }

    public string Key { get; init; } = "";

    public string RolloutId { get; init; } = "";

    public string Service { get; init; } = "";

    public string? Environment { get; init; }

    public string Type { get; init; } = "";

    public long At { get; init; }

    public string Message { get; init; } = "";

    public string Data { get; init; } = "";

    public static EventRow From(DeploymentEvent item) => new()
    {
        Key = item.Key,
        RolloutId = item.RolloutId,
        Service = item.Service,
        Environment = item.Environment,
        Type = item.Type,
        At = Stored.Ms(item.At),
        Message = Stored.Clean(item.Message),
        Data = Stored.Json(item.Data),
    };

    public DeploymentEvent ToEvent() => new(Key, RolloutId, Service, Environment, Type, Stored.At(At), Message, Stored.Values(Data));
}
