using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace Sluice.Testing.Contract.Api;

/// <summary>
/// Requests and their answers as recorded in <c>tests/Api.Tests/Contract/</c>, one file per scenario, in order on a fresh server: the contract of every
/// host. <c>SLUICE_RECORD=1</c> writes the answers anew; the difference is then read before it is committed.
/// </summary>
public abstract partial class ApiContract
{
    /// <summary>Whether Sluice serves the Durable management routes; on Azure the extension does, before a request gets to us.</summary>
    protected virtual bool ServesManagement => true;

    /// <summary>Starts a fresh server.</summary>
    protected abstract Task<ContractServer> StartAsync();

    private static readonly string[] Headers = ["Location", "Retry-After", "x-ms-continuation-token", "Allow", "WWW-Authenticate", "Cache-Control", "X-Content-Type-Options"];
    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static TheoryData<string> Scenarios => [.. Directory.GetFiles(Folder, "*.json").Select(f => Path.GetFileNameWithoutExtension(f)).Order(StringComparer.Ordinal)];

    [Theory]
    [MemberData(nameof(Scenarios))]
    public async Task Answers_are_as_recorded(string scenario)
    {
        var file = Path.Combine(Folder, scenario + ".json");
        var exchanges = JsonNode.Parse(await File.ReadAllTextAsync(file))!.AsArray();
        await using var server = await StartAsync();
        if (scenario.StartsWith("management", StringComparison.Ordinal) && !ServesManagement)
        {
            var (status, body, _) = await server.SendAsync("admin", "GET", "/runtime/webhooks/durabletask/instances");
            Assert.Equal((System.Net.HttpStatusCode.NotFound, "urn:sluice:problem:not-found"), (status, (string?)body!["type"]));
            return;
        }

        foreach (var exchange in exchanges)
        {
            var request = exchange!["request"]!;
            if (exchange["once"]?["instance"] is { } instance)
            {
                await server.UntilStatusAsync((string)instance!, (string)exchange["once"]!["status"]!);
            }
            else if (exchange["once"] is { } once)
            {
                await server.UntilPhaseAsync((string)once["rollout"]!, (string)once["phase"]!);
            }

            var answer = await SendAsync(server, request);
            if (Environment.GetEnvironmentVariable("SLUICE_RECORD") == "1")
            {
                exchange["answer"] = answer;
            }
            else
            {
                var name = $"{request["method"]} {request["path"]}";
                Assert.Equal($"{name}\n{exchange["answer"]!.ToJsonString(Written)}", $"{name}\n{answer.ToJsonString(Written)}");
            }
        }

        if (Environment.GetEnvironmentVariable("SLUICE_RECORD") == "1")
        {
            await File.WriteAllTextAsync(file, exchanges.ToJsonString(Written) + "\n");
        }
    }

    private static async Task<JsonObject> SendAsync(ContractServer server, JsonNode request)
    {
        var headers = request["headers"]?.AsObject().Select(h => (h.Key, (string)h.Value!)).ToArray() ?? [];
        var body = request["body"] is { } json ? json.ToJsonString() : (string?)request["text"];
        var (status, answered, message) = await server.SendAsync((string?)request["as"], (string)request["method"]!, (string)request["path"]!, body, headers);
        var shown = new JsonObject();
        foreach (var header in Headers)
        {
            if (message.Headers.TryGetValues(header, out var values) || message.Content.Headers.TryGetValues(header, out values))
            {
                shown[header] = Neutral(server, string.Join(", ", values));
            }
        }

        if (message.Content.Headers.ContentType is { } type)
        {
            shown["Content-Type"] = type.MediaType;
        }

        return new JsonObject
        {
            ["status"] = (int)status,
            ["headers"] = shown,
            ["body"] = answered is null ? null : JsonNode.Parse(Neutral(server, answered.ToJsonString(Written))),
        };
    }

    // What differs from run to run is named instead.
    private static string Neutral(ContractServer server, string text)
    {
        text = text.Replace(server.Url, "{url}", StringComparison.Ordinal).Replace(ContractServer.SystemKeyText, "{code}", StringComparison.Ordinal);
        text = Time().Replace(text, "{time}");
        text = Evidence().Replace(Key().Replace(text, "{key}"), "${before}{evidence}");
        text = NewId().Replace(Token().Replace(text, "{token}"), "{id}");
        return Took().Replace(text, "{took}");
    }

    private static string Folder => Path.Combine(Root(AppContext.BaseDirectory), "tests", "Api.Tests", "Contract");

    private static string Root(string folder) =>
        File.Exists(Path.Combine(folder, "Functions.sln")) ? folder : Root(Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("No Functions.sln above the tests."));

    [GeneratedRegex(@"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Time();

    // after:…, in Base64.
    [GeneratedRegex("YWZ0ZXI6[A-Za-z0-9+/=]+", RegexOptions.NonBacktracking)]
    private static partial Regex Token();

    [GeneratedRegex(@"\b[0-9a-f]{32}\b", RegexOptions.NonBacktracking)]
    private static partial Regex NewId();

    // Over what steps found, times included. A bundle's hash is the same in every run, and shown beside its name.
    [GeneratedRegex("(?<before>\"evidence\": \"|asks about )[0-9a-f]{64}", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Evidence();

    [GeneratedRegex("slc_[A-Za-z0-9_-]{43}", RegexOptions.NonBacktracking)]
    private static partial Regex Key();

    [GeneratedRegex(@"\b\d+s\d*(ms)?\b|\b\d+ms\b", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Took();
}
