using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.Net.Http.Headers;
using Sluice.Api.Http;
using Sluice.Durable;

namespace Sluice.Api.Management;

/// <summary>
/// The HTTP API of Durable Functions over any <see cref="DurableClient"/>: routes, codes, headers and bodies of the extension's
/// HttpApiHandler.cs, so that its tools work with the embedded engine. On Azure the extension serves these itself.
/// </summary>
internal static class ManagementRoutes
{
    private const string Instances = ManagementUris.BasePath + "/instances";
    private const string ContinuationHeader = "x-ms-continuation-token";

    public static IEnumerable<Route> All =>
    [
        Change("POST", ManagementUris.BasePath + "/orchestrators/{name}/{id?}", "instance.start", StartAsync),
        Look(Instances + "/{id}", GetAsync),
        Look(Instances, ListAsync),
        Change("DELETE", Instances + "/{id}", "instance.purge", PurgeAsync),
        Change("DELETE", Instances, "instance.purge", PurgeManyAsync),
        Change("POST", Instances + "/{id}/raiseEvent/{eventName}", "instance.raiseEvent", RaiseAsync),
        Change("POST", Instances + "/{id}/terminate", "instance.terminate", (call, c) => ActAsync(call, (client, id, reason) => client.TerminateInstanceAsync(id, reason, c), c)),
        Change("POST", Instances + "/{id}/suspend", "instance.suspend", (call, c) => ActAsync(call, (client, id, reason) => client.SuspendInstanceAsync(id, reason, c), c)),
        Change("POST", Instances + "/{id}/resume", "instance.resume", (call, c) => ActAsync(call, (client, id, reason) => client.ResumeInstanceAsync(id, reason, c), c)),
        Change("POST", Instances + "/{id}/rewind", "instance.rewind", (call, c) => ActAsync(call, (client, id, reason) => client.RewindInstanceAsync(id, reason ?? "", c), c)),
        Change("POST", Instances + "/{id}/restart", "instance.restart", RestartAsync),
    ];

    private static Route Look(string pattern, Func<Call, CancellationToken, Task<IResult>> handler) =>
        new("GET", pattern, Access.System, handler) { EmbeddedOnly = true, DurableErrors = true };

    private static Route Change(string method, string pattern, string action, Func<Call, CancellationToken, Task<IResult>> handler) =>
        new(method, pattern, Access.System, handler) { EmbeddedOnly = true, DurableErrors = true, Action = action };

    private static async Task<IResult> StartAsync(Call call, CancellationToken cancellationToken)
    {
        var patience = Patience(call);
        var input = await ReadJsonAsync(call, needed: false, cancellationToken);
        var client = call.Service<DurableClient>();
        var id = call.Value("id");
        try
        {
            id = await client.ScheduleNewOrchestrationInstanceAsync(
                call.Value("name"), input, new StartOptions { InstanceId = id.Length > 0 ? id : null, ReplaceEnded = true }, cancellationToken);
        }
        catch (ArgumentException e)
        {
            return Message(StatusCodes.Status400BadRequest, e.Message);
        }
        catch (InstanceExistsException e)
        {
            return Message(StatusCodes.Status409Conflict, $"An Orchestration instance with the status {e.Status} already exists.");
        }

        return await StartedAsync(call, id, patience, cancellationToken);
    }

    private static async Task<IResult> RestartAsync(Call call, CancellationToken cancellationToken)
    {
        var patience = Patience(call);
        var renew = Flag(call, "restartWithNewInstanceId", true);
        try
        {
            var id = await call.Service<DurableClient>().RestartAsync(call.Value("id"), renew, cancellationToken);
            return await StartedAsync(call, id, patience, cancellationToken);
        }
        catch (Exception e) when (e is InstanceNotFoundException or ArgumentException)
        {
            return Message(StatusCodes.Status400BadRequest, e.Message);
        }
        catch (InstanceExistsException e)
        {
            return Message(StatusCodes.Status409Conflict, e.Message);
        }
        catch (InstanceStateException e)
        {
            return Message(StatusCodes.Status409Conflict, e.Message);
        }
    }

    private static async Task<IResult> StartedAsync(Call call, string id, TimeSpan? patience, CancellationToken cancellationToken)
    {
        if (patience is { } wait)
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(wait);
            try
            {
                var ended = await call.Service<DurableClient>().WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, deadline.Token);
                return ended.RuntimeStatus == RuntimeStatus.Completed
                    ? Json(InstancePayload.Output(ended), StatusCodes.Status200OK)
                    : Json(await ShowAsync(call, ended, cancellationToken), StatusCodes.Status200OK);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // Not in time: the answer says where to look.
            }
        }

        var uris = call.Service<ManagementUris>().Started(call.BaseUrl, id);
        call.Http.Response.Headers.Location = uris.StatusQueryGetUri;
        call.Http.Response.Headers.RetryAfter = "10";
        return Json(
            new JsonObject
            {
                ["id"] = id,
                ["statusQueryGetUri"] = uris.StatusQueryGetUri,
                ["sendEventPostUri"] = uris.SendEventPostUri,
                ["terminatePostUri"] = uris.TerminatePostUri,
                ["purgeHistoryDeleteUri"] = uris.PurgeHistoryDeleteUri,
                ["restartPostUri"] = uris.RestartPostUri,
                ["suspendPostUri"] = uris.SuspendPostUri,
                ["resumePostUri"] = uris.ResumePostUri,
            },
            StatusCodes.Status202Accepted);
    }

    private static async Task<IResult> GetAsync(Call call, CancellationToken cancellationToken)
    {
        var client = call.Service<DurableClient>();
        var id = call.Value("id");
        var instance = await client.GetInstanceAsync(id, getInputsAndOutputs: true, cancellationToken);
        if (instance is null)
        {
            return Unknown(id);
        }

        var body = await ShowAsync(call, instance, cancellationToken);
        if (!instance.IsTerminal)
        {
            call.Http.Response.Headers.Location = call.Http.Request.GetEncodedUrl();
            call.Http.Response.Headers.RetryAfter = "5";
            return Json(body, StatusCodes.Status202Accepted);
        }

        return Json(body, instance.RuntimeStatus == RuntimeStatus.Failed && Flag(call, "returnInternalServerErrorOnFailure", false)
            ? StatusCodes.Status500InternalServerError
            : StatusCodes.Status200OK);
    }

    private static async Task<JsonObject> ShowAsync(Call call, InstanceMetadata instance, CancellationToken cancellationToken)
    {
        var showInput = Flag(call, "showInput", true);
        var body = InstancePayload.Of(instance, showInput);
        if (Flag(call, "showHistory", false) && instance.RuntimeStatus != RuntimeStatus.Pending)
        {
            var history = await call.Service<DurableClient>().GetOrchestrationHistoryAsync(instance.InstanceId, cancellationToken);
            body["historyEvents"] = HistoryPayload.Of(history, showInput, Flag(call, "showHistoryOutput", false));
        }

        return body;
    }

    private static async Task<IResult> ListAsync(Call call, CancellationToken cancellationToken)
    {
        var query = call.Query;
        var wanted = new InstanceQuery
        {
            InstanceIdPrefix = query.Text("instanceIdPrefix"),
            Statuses = Statuses(call),
            CreatedFrom = query.Time("createdTimeFrom"),
            CreatedTo = query.Time("createdTimeTo"),
            PageSize = PageSize(call),
            ContinuationToken = call.Http.Request.Headers[ContinuationHeader].ToString() is { Length: > 0 } token ? token : null,
            FetchInputsAndOutputs = true,
        };
        query.ThrowIfFaulty();

        InstancePage page;
        try
        {
            page = await call.Service<DurableClient>().GetAllInstancesAsync(wanted, cancellationToken);
        }
        catch (ArgumentException e)
        {
            return Message(StatusCodes.Status400BadRequest, e.Message);
        }

        call.Http.Response.Headers[ContinuationHeader] = page.ContinuationToken ?? "";

        var showInput = Flag(call, "showInput", true);
        return Json(new JsonArray([.. page.Instances.Select(i => InstancePayload.Of(i, showInput))]), StatusCodes.Status200OK);
    }

    private static async Task<IResult> PurgeAsync(Call call, CancellationToken cancellationToken)
    {
        var client = call.Service<DurableClient>();
        var id = call.Value("id");
        return await client.GetInstanceAsync(id, cancellationToken: cancellationToken) is null
            ? Unknown(id)
            : Deleted(await client.PurgeInstanceAsync(id, cancellationToken));
    }

    private static async Task<IResult> PurgeManyAsync(Call call, CancellationToken cancellationToken)
    {
        var query = call.Query;
        var (from, to, statuses) = (query.Time("createdTimeFrom"), query.Time("createdTimeTo"), Statuses(call));
        query.ThrowIfFaulty();
        if (from is null)
        {
            return Message(StatusCodes.Status400BadRequest, "Please provide value for 'createdTimeFrom' parameter.");
        }

        call.Detail = call.Http.Request.Query["createdTimeFrom"];
        var filter = new PurgeFilter(from, to ?? call.Service<TimeProvider>().GetUtcNow(), statuses);
        var removed = await call.Service<DurableClient>().PurgeAllInstancesAsync(filter, cancellationToken);
        return removed == 0 ? Message(StatusCodes.Status404NotFound, "No instance matched.") : Deleted(removed);
    }

    // Whether there is somebody to hear it comes before what is said.
    private static async Task<IResult> RaiseAsync(Call call, CancellationToken cancellationToken)
    {
        var id = call.Value("id");
        switch (await call.Service<DurableClient>().GetInstanceAsync(id, cancellationToken: cancellationToken))
        {
            case null:
                return Unknown(id);
            case { IsTerminal: true }:
                return TypedResults.StatusCode(StatusCodes.Status410Gone);
        }

        if (!MediaTypeHeaderValue.TryParse(call.Http.Request.ContentType, out var type) || !type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
        {
            return Message(StatusCodes.Status400BadRequest, "Only application/json request content is supported");
        }

        var payload = await ReadJsonAsync(call, needed: true, cancellationToken);
        return await ActAsync(call, (client, _, _) => client.RaiseEventAsync(id, call.Value("eventName"), payload, cancellationToken), cancellationToken);
    }

    private static async Task<IResult> ActAsync(
        Call call, Func<DurableClient, string, string?, Task> act, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var id = call.Value("id");
        var reason = call.Query.Text("reason");
        call.Detail = reason;
        try
        {
            await act(call.Service<DurableClient>(), id, reason);
            return TypedResults.StatusCode(StatusCodes.Status202Accepted);
        }
        catch (InstanceNotFoundException)
        {
            return Unknown(id);
        }
        catch (InstanceStateException e) when (e.Status is RuntimeStatus.Completed or RuntimeStatus.Failed or RuntimeStatus.Terminated or RuntimeStatus.Canceled)
        {
            return TypedResults.StatusCode(StatusCodes.Status410Gone);
        }
        catch (InstanceStateException e)
        {
            return Message(StatusCodes.Status400BadRequest, e.Message);
        }
    }

    private static async Task<JsonElement?> ReadJsonAsync(Call call, bool needed, CancellationToken cancellationToken)
    {
        var bytes = await RequestBody.ReadAsync(call.Http.Request, cancellationToken);
        if (bytes.Length == 0 && !needed)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(bytes);
            return document.RootElement.Clone();
        }
        catch (JsonException e)
        {
            throw new ProblemException(Problem.Of(StatusCodes.Status400BadRequest, "bad-json", "Invalid JSON content", "Invalid JSON content: " + e.Message));
        }
    }

    // One list or several: runtimeStatus=Running,Failed or runtimeStatus=Running&runtimeStatus=Failed. Unknown words are passed over, as upstream does.
    private static List<RuntimeStatus>? Statuses(Call call)
    {
        var statuses = call.Http.Request.Query["runtimeStatus"]
            .SelectMany(v => (v ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            .Select(word => Enum.TryParse<RuntimeStatus>(word, ignoreCase: true, out var status) ? status : (RuntimeStatus?)null)
            .OfType<RuntimeStatus>()
            .ToList();
        return statuses.Count == 0 ? null : statuses;
    }

    private static bool Flag(Call call, string name, bool fallback) =>
        bool.TryParse(call.Http.Request.Query[name].ToString(), out var value) ? value : fallback;

    // As many as are wanted, within what a page holds; a client that wants more finds the token.
    private static int PageSize(Call call) =>
        int.TryParse(call.Http.Request.Query["top"].ToString(), CultureInfo.InvariantCulture, out var top) && top > 0 ? Math.Min(top, 1000) : 100;

    /// <summary>How long the answer to a start waits for the end; null for not at all. Both parameters are needed, though nobody polls here.</summary>
    private static TimeSpan? Patience(Call call)
    {
        if (Seconds(call, "timeout") is not { } timeout || Seconds(call, "pollingInterval") is not { } interval)
        {
            return null;
        }

        return interval <= timeout
            ? TimeSpan.FromSeconds(timeout)
            : throw new ProblemException(Problem.Of(
                StatusCodes.Status400BadRequest, "bad-parameter", "Bad parameter", $"Total timeout {timeout} should be bigger than retry timeout {interval}"));
    }

    private static double? Seconds(Call call, string name) =>
        double.TryParse(call.Http.Request.Query[name].ToString(), CultureInfo.InvariantCulture, out var seconds) && seconds >= 0 ? Math.Min(seconds, 3600) : null;

    private static IResult Unknown(string id) => Message(StatusCodes.Status404NotFound, $"No instance with ID '{id}' was found.");

    private static IResult Deleted(int count) => Json(new JsonObject { ["instancesDeleted"] = count }, StatusCodes.Status200OK);

    private static IResult Message(int status, string message) => Json(new JsonObject { ["Message"] = message }, status);

    private static IResult Json(JsonNode? node, int status) => new JsonNodeResult(node, status);

    // Results.Json would drop what a JSON null says.
    private sealed class JsonNodeResult(JsonNode? node, int status) : IResult, IStatusCodeHttpResult
    {
        public int? StatusCode => status;

        public async Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = status;
            httpContext.Response.ContentType = "application/json; charset=utf-8";
            await httpContext.Response.WriteAsync(node?.ToJsonString(DurableJson.Options) ?? "null", httpContext.RequestAborted);
        }
    }
}
