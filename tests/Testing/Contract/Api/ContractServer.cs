using System.Net;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Sluice.Api.Keys;
using Sluice.Orchestration.Ports;
using Xunit;

namespace Sluice.Testing.Contract.Api;

/// <summary>A server that answers the API on a real socket, as its clients see it.</summary>
public abstract class ContractServer : IAsyncDisposable
{
    /// <summary>The key of its management routes.</summary>
    public const string SystemKeyText = "the-system-key";

    /// <summary>Scheme, host and port.</summary>
    public string Url { get; protected init; } = "";

    /// <summary>Keys by name: one for each role, named after it, and <c>other</c>, a deployer of another service.</summary>
    public static IReadOnlyDictionary<string, AccessKey> Keys { get; } = new AccessKey[]
    {
        Key("viewer", Role.Viewer), Key("deployer", Role.Deployer), Key("approver", Role.Approver), Key("admin", Role.Admin),
        Key("other", Role.Deployer, "another-service"),
    }.ToDictionary(k => k.Name);

    /// <summary>A client that calls with one of <see cref="Keys"/>; with none when null.</summary>
    public HttpClient As(string? key)
    {
        var client = new HttpClient { BaseAddress = new Uri(Url) };
        if (key is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", TextOf(key));
        }

        return client;
    }

    /// <summary>The text of a key of <see cref="Keys"/>.</summary>
    public static string TextOf(string key) => "key-of-" + key;

    /// <summary>Sends and reads the answer; JSON where it is JSON.</summary>
    public async Task<(HttpStatusCode Status, JsonNode? Body, HttpResponseMessage Answer)> SendAsync(
        string? key, string method, string path, string? body = null, params (string Name, string Value)[] headers)
    {
        using var client = As(key);
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (body is not null)
        {
            var type = headers.FirstOrDefault(h => h.Name == "Content-Type").Value ?? "application/json; charset=utf-8";
            request.Content = new StringContent(body, MediaTypeHeaderValue.Parse(type));
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        var answer = await client.SendAsync(request);
        var text = await answer.Content.ReadAsStringAsync();
        return (answer.StatusCode, text.StartsWith('{') || text.StartsWith('[') ? JsonNode.Parse(text) : text.Length == 0 ? null : JsonValue.Create(text), answer);
    }

    /// <summary>
    /// Looks until the registry has a rollout in a phase, and so all that led to it, and until one that has ended has tidied up; says what
    /// it was when it takes too long.
    /// </summary>
    public async Task<JsonNode> UntilPhaseAsync(string id, string phase)
    {
        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (true)
        {
            var (_, page, _) = await SendAsync("viewer", "GET", $"/api/rollouts?status={phase}");
            var (_, body, _) = await SendAsync("viewer", "GET", $"/api/rollouts/{id}");
            var settled = body!["status"]?["outcome"] is null || (string?)body["runtimeStatus"] == "Completed";
            if (settled && page!["items"]!.AsArray().Any(r => (string?)r!["id"] == id))
            {
                return body!;
            }

            Assert.True(DateTime.UtcNow < deadline, $"{id} did not get {phase}; it is {body}");
            await Task.Delay(50);
        }
    }

    /// <summary>Looks until an instance has a status, over the management routes; says what it was when it takes too long.</summary>
    public async Task UntilStatusAsync(string id, string status)
    {
        var deadline = DateTime.UtcNow.AddSeconds(60);
        while (true)
        {
            var (_, body, _) = await SendAsync(null, "GET", $"/runtime/webhooks/durabletask/instances/{id}?code={SystemKeyText}");
            if ((string?)body?["runtimeStatus"] == status)
            {
                return;
            }

            Assert.True(DateTime.UtcNow < deadline, $"{id} did not get {status}; it is {body}");
            await Task.Delay(20);
        }
    }

    /// <inheritdoc/>
    public abstract ValueTask DisposeAsync();

    private static AccessKey Key(string name, Role role, params string[] services) =>
        new(name, role, services, KeyText.Hash(TextOf(name)), DateTimeOffset.UnixEpoch);
}
