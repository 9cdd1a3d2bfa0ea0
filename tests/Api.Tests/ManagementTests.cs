using System.Net;
using System.Text;
using System.Text.Json.Nodes;

namespace Sluice.Api.Tests;

/// <summary>The Durable management routes, as anchored in the extension's own HttpApiHandler.</summary>
public sealed class ManagementTests(ManagementTests.Fixture fixture) : IClassFixture<ManagementTests.Fixture>
{
    private const string Base = "/runtime/webhooks/durabletask";

    [Fact]
    public async Task A_start_answers_where_everything_is()
    {
        var (status, body, answer) = await SendAsync("POST", "/orchestrators/Echo/start-one", "\"hello\"");

        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal(TimeSpan.FromSeconds(10), answer.Headers.RetryAfter?.Delta);
        Assert.Equal((string?)body!["statusQueryGetUri"], answer.Headers.Location?.ToString());
        Assert.Equal(
            ["id", "statusQueryGetUri", "sendEventPostUri", "terminatePostUri", "purgeHistoryDeleteUri", "restartPostUri", "suspendPostUri", "resumePostUri"],
            body.AsObject().Select(p => p.Key));
        Assert.Contains("taskHub=Sluice&connection=Storage&code=", (string?)body["statusQueryGetUri"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_that_waits_answers_with_the_bare_output()
    {
        var (status, body, _) = await SendAsync("POST", "/orchestrators/Echo/waited?timeout=30&pollingInterval=1", "{\"a\":1}");

        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("""{"a":1}""", body?.ToJsonString());
    }

    [Theory]
    [InlineData("/orchestrators/Unknown/x", "1", 400)]
    [InlineData("/orchestrators/Echo/bad-json", "{", 400)]
    [InlineData("/instances/nobody/raiseEvent/Go", "1", 404)]
    [InlineData("/instances/nobody/terminate", null, 404)]
    [InlineData("/instances/nobody/suspend", null, 404)]
    [InlineData("/instances/nobody/resume", null, 404)]
    [InlineData("/instances/nobody/rewind?reason=x", null, 404)]
    [InlineData("/instances/nobody/restart", null, 400)]
    public async Task A_call_that_cannot_be_says_so_in_a_message(string path, string? body, int expected)
    {
        var (status, answer, _) = await SendAsync("POST", path, body);

        Assert.Equal(expected, (int)status);
        Assert.NotNull(answer?["Message"]);
    }

    [Fact]
    public async Task An_id_that_is_taken_is_refused()
    {
        await SendAsync("POST", "/orchestrators/Waits/taken", "1");

        var (status, _, _) = await SendAsync("POST", "/orchestrators/Waits/taken", "1");

        Assert.Equal(HttpStatusCode.Conflict, status);
    }

    [Fact]
    public async Task An_instance_is_accepted_while_it_runs_and_ok_when_it_has_ended()
    {
        await SendAsync("POST", "/orchestrators/Waits/lives", "1");

        var (running, body, answer) = await SendAsync("GET", "/instances/lives");
        var (raised, _, _) = await SendAsync("POST", "/instances/lives/raiseEvent/go", "\"on\"");
        var ended = await UntilEndedAsync("lives");
        var (late, _, _) = await SendAsync("POST", "/instances/lives/raiseEvent/go", "\"again\"");
        var (tooLate, _, _) = await SendAsync("POST", "/instances/lives/terminate");

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted), (running, raised));
        Assert.Equal(TimeSpan.FromSeconds(5), answer.Headers.RetryAfter?.Delta);
        Assert.NotNull(answer.Headers.Location);
        Assert.Equal(
            ["name", "instanceId", "runtimeStatus", "input", "customStatus", "output", "createdTime", "lastUpdatedTime"], body!.AsObject().Select(p => p.Key));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", (string?)body["createdTime"]);
        Assert.Equal(("Completed", "on"), ((string?)ended["runtimeStatus"], (string?)ended["output"]));
        Assert.Equal((HttpStatusCode.Gone, HttpStatusCode.Gone), (late, tooLate));
    }

    [Fact]
    public async Task History_and_input_are_shown_when_asked_for()
    {
        await SendAsync("POST", "/orchestrators/Echo/history?timeout=30&pollingInterval=1", "\"hello\"");

        var (_, bare, _) = await SendAsync("GET", "/instances/history?showInput=false");
        var (_, full, _) = await SendAsync("GET", "/instances/history?showHistory=true&showHistoryOutput=true");

        Assert.Null(bare!["input"]);
        Assert.False(bare.AsObject().ContainsKey("historyEvents"));
        Assert.Equal("hello", (string?)full!["input"]);
        Assert.Equal("ExecutionStarted", (string?)full["historyEvents"]?.AsArray().First(e => (string?)e!["EventType"] != "OrchestratorStarted")?["EventType"]);
    }

    [Fact]
    public async Task A_failed_task_says_in_the_history_what_was_asked_and_why_it_failed()
    {
        await SendAsync("POST", "/orchestrators/Breaks/broken?timeout=30&pollingInterval=1", "\"hello\"");

        var (_, body, _) = await SendAsync("GET", "/instances/broken?showHistory=true");
        var failed = Assert.Single(body!["historyEvents"]!.AsArray(), e => (string?)e!["EventType"] == "TaskFailed")!;

        Assert.Equal(("Broken", "\"hello\"", "it was told to fail"), ((string?)failed["FunctionName"], (string?)failed["Input"], (string?)failed["Reason"]));
        Assert.StartsWith("System.InvalidOperationException: it was told to fail", (string?)failed["Details"], StringComparison.Ordinal);
        Assert.True((DateTimeOffset)failed["ScheduledTime"]! <= (DateTimeOffset)failed["Timestamp"]!);
        Assert.DoesNotContain(body["historyEvents"]!.AsArray(), e => (string?)e!["EventType"] is "TaskScheduled" or "OrchestratorStarted");
    }

    [Fact]
    public async Task A_failed_instance_is_a_server_error_only_when_asked_for()
    {
        await SendAsync("POST", "/orchestrators/Fails/failed", "1");
        await UntilEndedAsync("failed");

        var (plain, body, _) = await SendAsync("GET", "/instances/failed");
        var (asked, _, _) = await SendAsync("GET", "/instances/failed?returnInternalServerErrorOnFailure=true");

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.InternalServerError), (plain, asked));
        Assert.Equal("System.InvalidOperationException: it was told to fail", (string?)body?["output"]);
    }

    [Fact]
    public async Task Events_are_taken_as_json_only()
    {
        await SendAsync("POST", "/orchestrators/Waits/json-only", "1");
        using var client = fixture.Server.As(null);

        var answer = await client.PostAsync(
            $"{Base}/instances/json-only/raiseEvent/go?code={Server.SystemKeyText}", new StringContent("on", Encoding.UTF8, "text/plain"));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Lists_come_in_pages()
    {
        foreach (var i in Enumerable.Range(0, 5))
        {
            await SendAsync("POST", $"/orchestrators/Waits/page-{i}", "1");
        }

        var seen = new List<string>();
        string? token = null;
        do
        {
            var (_, page, answer) = await SendAsync("GET", "/instances?instanceIdPrefix=page-&top=2&runtimeStatus=Running,Pending", null, token);
            seen.AddRange(page!.AsArray().Select(i => (string)i!["instanceId"]!));
            token = answer.Headers.TryGetValues("x-ms-continuation-token", out var values) ? values.Single() : null;
        }
        while (token is { Length: > 0 });

        Assert.Equal(["page-0", "page-1", "page-2", "page-3", "page-4"], seen.Order());
    }

    [Fact]
    public async Task What_has_ended_can_be_purged_and_what_runs_cannot()
    {
        await SendAsync("POST", "/orchestrators/Waits/purged", "1");

        var (running, _, _) = await SendAsync("DELETE", "/instances/purged");
        var (terminated, _, _) = await SendAsync("POST", "/instances/purged/terminate?reason=enough");
        await UntilEndedAsync("purged");
        var (ended, body, _) = await SendAsync("DELETE", "/instances/purged");
        var (gone, _, _) = await SendAsync("GET", "/instances/purged");

        Assert.Equal(
            (HttpStatusCode.OK, HttpStatusCode.Accepted, HttpStatusCode.OK, HttpStatusCode.NotFound), (running, terminated, ended, gone));
        Assert.Equal("""{"instancesDeleted":1}""", body?.ToJsonString());
    }

    [Fact]
    public async Task Purging_many_needs_a_beginning_and_finds_something()
    {
        var (unbounded, _, _) = await SendAsync("DELETE", "/instances");
        var (none, _, _) = await SendAsync("DELETE", "/instances?createdTimeFrom=2001-01-01T00:00:00Z&createdTimeTo=2001-01-02T00:00:00Z");

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.NotFound), (unbounded, none));
    }

    [Fact]
    public async Task A_suspended_instance_goes_on_when_it_is_resumed()
    {
        await SendAsync("POST", "/orchestrators/Waits/sleepy", "1");

        var (suspended, _, _) = await SendAsync("POST", "/instances/sleepy/suspend?reason=lunch");
        await SendAsync("POST", "/instances/sleepy/raiseEvent/go", "\"on\"");
        await UntilAsync("sleepy", i => (string?)i["runtimeStatus"] == "Suspended");
        var (resumed, _, _) = await SendAsync("POST", "/instances/sleepy/resume");
        var ended = await UntilEndedAsync("sleepy");

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.Accepted), (suspended, resumed));
        Assert.Equal("on", (string?)ended["output"]);
    }

    [Fact]
    public async Task A_restart_runs_the_same_again_under_a_new_id()
    {
        await SendAsync("POST", "/orchestrators/Echo/again?timeout=30&pollingInterval=1", "\"hello\"");

        var (status, body, _) = await SendAsync("POST", "/instances/again/restart");

        Assert.Equal(HttpStatusCode.Accepted, status);
        var id = (string)body!["id"]!;
        Assert.NotEqual("again", id);
        Assert.Equal("hello", (string?)(await UntilEndedAsync(id))["output"]);
    }

    private Task<JsonNode> UntilEndedAsync(string id) =>
        UntilAsync(id, i => (string?)i["runtimeStatus"] is "Completed" or "Failed" or "Terminated");

    private async Task<JsonNode> UntilAsync(string id, Func<JsonNode, bool> wanted)
    {
        var deadline = DateTime.UtcNow.AddSeconds(30);
        while (true)
        {
            var (_, body, _) = await SendAsync("GET", $"/instances/{id}");
            if (body is not null && wanted(body))
            {
                return body;
            }

            Assert.True(DateTime.UtcNow < deadline, $"{id} did not get there; it is {body}");
            await Task.Delay(20);
        }
    }

    private Task<(HttpStatusCode Status, JsonNode? Body, HttpResponseMessage Answer)> SendAsync(string method, string path, string? body = null, string? token = null) =>
        fixture.Server.SendAsync(
            null,
            method,
            $"{Base}{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}code={Server.SystemKeyText}",
            body,
            token is null ? [] : [("x-ms-continuation-token", token)]);

    public sealed class Fixture : IAsyncLifetime
    {
        public Server Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = await Server.StartAsync(moreTasks: ContractTests.AddTasks);

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
