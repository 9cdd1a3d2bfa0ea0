using Sluice.Api.Keys;
using Sluice.Api.Rollouts;

namespace Sluice.Api.Management;

/// <summary>The URIs of an instance's Durable management routes. They carry the system key: answers may, logs and terminals may not.</summary>
public sealed class ManagementUris(SystemKey key)
{
    /// <summary>Base path of Durable Functions' own API.</summary>
    public const string BasePath = "runtime/webhooks/durabletask";

    /// <summary>Name of the task hub, as host.json gives it.</summary>
    public const string TaskHub = "Sluice";

    /// <summary>The body of a start: id, our URI and the eight of the management routes.</summary>
    /// <param name="baseUrl">Scheme and host as the client used them.</param>
    /// <param name="id">The rollout.</param>
    public RolloutStarted Started(string baseUrl, string id) => new(
        id,
        $"{baseUrl}/api/rollouts/{Uri.EscapeDataString(id)}",
        Of(baseUrl, id, "", ""),
        Of(baseUrl, id, "/raiseEvent/{eventName}", ""),
        Of(baseUrl, id, "/terminate", "reason={text}&"),
        Of(baseUrl, id, "/suspend", "reason={text}&"),
        Of(baseUrl, id, "/resume", "reason={text}&"),
        Of(baseUrl, id, "/rewind", "reason={text}&"),
        Of(baseUrl, id, "/restart", ""),
        Of(baseUrl, id, "", ""));

    /// <summary>The URI that tells an instance's status.</summary>
    public string Status(string baseUrl, string id) => Of(baseUrl, id, "", "");

    private string Of(string baseUrl, string id, string action, string query) =>
        $"{baseUrl}/{BasePath}/instances/{Uri.EscapeDataString(id)}{action}?{query}taskHub={TaskHub}&connection=Storage&code={Uri.EscapeDataString(key.Text)}";
}
