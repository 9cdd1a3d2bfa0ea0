using System.Text;
using System.Text.Json;
using Sluice.Testing;

namespace Sluice.Functions.Tests.Host;

/// <summary>The product's host with the orchestrations of FunctionsProbe, spoken to by the extension's own routes.</summary>
public sealed class LocalProbe : LocalAzure
{
    /// <summary>What new code is, where nothing else is said.</summary>
    internal const string DefaultVersion = "1.2.0";

    private const string Webhooks = "/runtime/webhooks/durabletask";

    protected override string Project => "FunctionsProbe";

    protected override IReadOnlyDictionary<string, string> Settings => new Dictionary<string, string>
    {
        ["PROBE_LOG"] = LogFile,
        ["AzureFunctionsJobHost__extensions__durableTask__defaultVersion"] = DefaultVersion,
        ["AzureFunctionsJobHost__extensions__durableTask__versionMatchStrategy"] = "CurrentOrOlder",
        ["AzureFunctionsJobHost__extensions__durableTask__versionFailureStrategy"] = "Reject",
    };

    /// <summary>What activities noted.</summary>
    internal IReadOnlyList<string> Log => File.Exists(LogFile) ? File.ReadAllLines(LogFile) : [];

    private string LogFile => Path.Combine(Folder, "probe.log");

    /// <summary>Starts an instance; under a version when one is given.</summary>
    internal async Task StartAsync(string orchestrator, string id, object input, string? version = null)
    {
        using var answer = await PostAsync(version is null ? $"{Webhooks}/orchestrators/{orchestrator}/{id}" : $"/probe/{version}/{orchestrator}/{id}", input);
        Assert.True(answer.IsSuccessStatusCode, $"{orchestrator} {id}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
    }

    /// <summary>Posts to one of an instance's routes.</summary>
    internal Task<HttpResponseMessage> TellInstanceAsync(string id, string action, object body) => PostAsync($"{Webhooks}/instances/{id}/{action}", body);

    /// <summary>Waits for a runtime status.</summary>
    /// <returns>What the extension's own route says.</returns>
    internal async Task<JsonElement> StandsAtAsync(string id, string status, TimeSpan? within = null) => (await Eventually.AsyncOf(
        () => InstanceAsync(id), i => i?.GetProperty("runtimeStatus").GetString() == status, $"{id} is {status}", within ?? TimeSpan.FromMinutes(4)))!.Value;

    private async Task<HttpResponseMessage> PostAsync(string path, object body)
    {
        using var content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        return await App.Http.PostAsync(path, content);
    }
}
