using Sluice.Api.Keys;
using Sluice.Api.Rollouts;

namespace Sluice.Api.Management;

/// <summary>Where an instance's management routes are.</summary>
/// <param name="Uri">Of the instance itself, without parameters.</param>
/// <param name="Parameters">What opens them, without the question mark: hub, connection and key. A secret.</param>
public sealed record InstanceLink(string Uri, string Parameters);

/// <summary>The URIs of an instance's Durable management routes. They carry the system key: answers may, logs and terminals may not.</summary>
/// <param name="link">The link of an instance, from the base URL as the client used it and the instance's id.</param>
public sealed class ManagementUris(Func<string, string, InstanceLink> link)
{
    /// <summary>Base path of Durable Functions' own API.</summary>
    public const string BasePath = "runtime/webhooks/durabletask";

    /// <summary>Name of the task hub, as host.json gives it.</summary>
    public const string TaskHub = "Sluice";

    /// <summary>The URIs of a host that serves these routes itself.</summary>
    public static ManagementUris ServedHere(SystemKey key) => new((baseUrl, id) => new InstanceLink(
        $"{baseUrl}/{BasePath}/instances/{Uri.EscapeDataString(id)}",
        $"taskHub={TaskHub}&connection=Storage&code={Uri.EscapeDataString(key.Text)}"));

    /// <summary>The body of a start: id, our URI and the eight of the management routes.</summary>
    /// <param name="baseUrl">Scheme and host as the client used them.</param>
    /// <param name="id">The rollout.</param>
    public RolloutStarted Started(string baseUrl, string id)
    {
        var instance = link(baseUrl, id);
        return new RolloutStarted(
            id,
            $"{baseUrl}/api/rollouts/{Uri.EscapeDataString(id)}",
            Of("", ""),
            Of("/raiseEvent/{eventName}", ""),
            Of("/terminate", "reason={text}&"),
            Of("/suspend", "reason={text}&"),
            Of("/resume", "reason={text}&"),
            Of("/rewind", "reason={text}&"),
            Of("/restart", ""),
            Of("", ""));

        string Of(string action, string query) => $"{instance.Uri}{action}?{query}{instance.Parameters}";
    }
}
