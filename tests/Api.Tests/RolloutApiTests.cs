using System.Net;
using System.Text.Json.Nodes;

namespace Sluice.Api.Tests;

public sealed class RolloutApiTests
{
    [Fact]
    public async Task A_start_is_accepted_with_its_place_and_the_management_uris()
    {
        await using var server = await Server.StartAsync();

        var (status, body, answer) = await server.SendAsync("deployer", "POST", "/api/rollouts", Plans.StartBody("v1.0.0"), ("Idempotency-Key", "k"));

        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal(TimeSpan.FromSeconds(10), answer.Headers.RetryAfter?.Delta);
        Assert.Equal((string?)body!["rolloutUri"], answer.Headers.Location?.ToString());
        string[] management =
            ["statusQueryGetUri", "sendEventPostUri", "terminatePostUri", "suspendPostUri", "resumePostUri", "rewindPostUri", "restartPostUri", "purgeHistoryDeleteUri"];
        Assert.Equal(["id", "rolloutUri", .. management, "warnings"], body.AsObject().Select(p => p.Key));
        Assert.All(management, m => Assert.StartsWith($"{server.Url}/runtime/webhooks/durabletask/instances/{body["id"]}", (string?)body[m], StringComparison.Ordinal));

        using var anybody = server.As(null);
        Assert.Contains((await anybody.GetAsync((string?)body["statusQueryGetUri"])).StatusCode, (HttpStatusCode[])[HttpStatusCode.Accepted, HttpStatusCode.OK]);
    }

    [Fact]
    public async Task The_same_request_under_the_same_key_starts_once()
    {
        await using var server = await Server.StartAsync();

        var (first, one, _) = await server.SendAsync("deployer", "POST", "/api/rollouts", Plans.StartBody("v1.0.0"), ("Idempotency-Key", "k"));
        var (second, two, _) = await server.SendAsync("deployer", "POST", "/api/rollouts", Plans.StartBody("v1.0.0"), ("Idempotency-Key", "k"));
        var (third, three, _) = await server.SendAsync("deployer", "POST", "/api/rollouts", Plans.StartBody("v2.0.0"), ("Idempotency-Key", "k"));

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.OK, HttpStatusCode.UnprocessableEntity), (first, second, third));

        // What deserves a look before it begins is said when it begins.
        Assert.True(one!.AsObject().Remove("warnings"));
        Assert.Equal(one.ToJsonString(), two!.ToJsonString());
        Assert.Equal((string?)one["id"], (string?)three!["rolloutId"]);
    }

    [Fact]
    public async Task A_busy_environment_refuses_when_the_plan_says_so()
    {
        await using var server = await Server.StartAsync();
        var id = await server.StartPausedAsync();

        var (status, problem, _) = await server.SendAsync(
            "deployer", "POST", "/api/rollouts", Plans.StartBody("v2.0.0", Plans.Gated + "\nconcurrency: refuse"));

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Equal("urn:sluice:problem:environment-busy", (string?)problem?["type"]);
        Assert.Equal(id, (string?)problem?["rolloutId"]);
    }

    [Fact]
    public async Task A_plan_may_be_sent_as_json()
    {
        await using var server = await Server.StartAsync();
        var plan = JsonNode.Parse(
            """
            { "schema": 1, "service": "catalog-api",
              "environments": { "production": {
                "platform": { "kind": "process", "command": ["./run"], "directory": ".", "portVariable": "PORT", "health": "/health" },
                "router": { "kind": "gateway", "listen": "127.0.0.1:8080" } } },
              "steps": [ { "deploy": { "environment": "production", "weight": 100 } } ] }
            """);
        var body = new JsonObject { ["plan"] = plan, ["release"] = new JsonObject { ["version"] = "v1.0.0" } };

        var (status, answer, _) = await server.SendAsync("deployer", "POST", "/api/rollouts", body.ToJsonString());

        Assert.True(status == HttpStatusCode.Accepted, answer?.ToJsonString());
    }

    [Fact]
    public async Task An_approved_rollout_gets_healthy_and_is_found_everywhere()
    {
        await using var server = await Server.StartAsync();
        var id = await server.StartPausedAsync();

        var (deployerMay, _, _) = await server.SendAsync("deployer", "POST", $"/api/rollouts/{id}/approve");
        var (status, told, _) = await server.SendAsync("approver", "POST", $"/api/rollouts/{id}/approve", """{"reason":"looks good"}""");
        await server.UntilPhaseAsync(id, "Healthy");

        Assert.Equal(HttpStatusCode.Forbidden, deployerMay);
        Assert.Equal(HttpStatusCode.Accepted, status);
        Assert.Equal("Approve", (string?)told?["command"]);
        var (_, deployment, _) = await server.SendAsync("viewer", "GET", $"/api/deployments/{id}~production");
        Assert.Equal("Success", (string?)deployment?["status"]);
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", (string?)deployment?["startedAt"]);
        var (_, environment, _) = await server.SendAsync("viewer", "GET", "/api/services/catalog-api/environments/production");
        Assert.Equal("v1.0.0", (string?)environment?["stable"]?["version"]);
        var (_, services, _) = await server.SendAsync("viewer", "GET", "/api/services");
        Assert.Equal("""{"items":[{"service":"catalog-api","environments":["production"]}]}""", services?.ToJsonString());
        var (_, found, _) = await server.SendAsync("viewer", "GET", "/api/rollouts?status=healthy&environment=production");
        Assert.Equal(id, (string?)found?["items"]?[0]?["id"]);
        var (_, metrics, _) = await server.SendAsync("viewer", "GET", "/metrics");
        Assert.Contains("sluice_rollouts{phase=\"Healthy\"} 1\n", (string?)metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_for_a_rollout_that_has_ended_is_a_conflict()
    {
        await using var server = await Server.StartAsync();
        var id = await server.StartPausedAsync();
        await server.SendAsync("deployer", "POST", $"/api/rollouts/{id}/abort", """{"reason":"changed my mind"}""");
        await server.UntilPhaseAsync(id, "Degraded");

        var (status, problem, _) = await server.SendAsync("deployer", "POST", $"/api/rollouts/{id}/pause");

        Assert.Equal(HttpStatusCode.Conflict, status);
        Assert.Equal(id, (string?)problem?["rolloutId"]);
    }

    [Fact]
    public async Task A_repeated_command_is_one_command()
    {
        await using var server = await Server.StartAsync();
        var id = await server.StartPausedAsync();

        var (_, first, _) = await server.SendAsync("deployer", "POST", $"/api/rollouts/{id}/pause", null, ("Idempotency-Key", "p"));
        var (_, second, _) = await server.SendAsync("deployer", "POST", $"/api/rollouts/{id}/pause", null, ("Idempotency-Key", "p"));

        Assert.Equal((long?)first?["number"], (long?)second?["number"]);
    }

    [Theory]
    [InlineData("approver", "reject", "{}", HttpStatusCode.BadRequest)]
    [InlineData("admin", "promote", """{"full":true}""", HttpStatusCode.BadRequest)]
    [InlineData("deployer", "promote", """{"full":true,"reason":"now"}""", HttpStatusCode.Forbidden)]
    [InlineData("approver", "approve", """{"by":"ana"}""", HttpStatusCode.Forbidden)]
    [InlineData("deployer", "abort", """{"full":true,"reason":"x"}""", HttpStatusCode.BadRequest)]
    public async Task A_command_that_lacks_what_it_needs_is_refused(string key, string verb, string body, HttpStatusCode expected)
    {
        await using var server = await Server.StartAsync();
        var id = await server.StartPausedAsync();

        var (status, _, _) = await server.SendAsync(key, "POST", $"/api/rollouts/{id}/{verb}", body);

        Assert.Equal(expected, status);
    }

    [Fact]
    public async Task An_aborted_rollout_can_be_tried_again()
    {
        await using var server = await Server.StartAsync();
        var id = await server.StartPausedAsync();
        await server.SendAsync("deployer", "POST", $"/api/rollouts/{id}/abort");
        await server.UntilPhaseAsync(id, "Degraded");

        var (status, body, _) = await server.SendAsync("deployer", "POST", $"/api/rollouts/{id}/retry");

        Assert.True(status == HttpStatusCode.Accepted, body?.ToJsonString());
        var (_, again, _) = await server.SendAsync("viewer", "GET", $"/api/rollouts/{body?["id"]}");
        Assert.Equal(id, (string?)again?["record"]?["retryOf"]);
    }

    [Fact]
    public async Task There_is_nothing_to_roll_back_to_where_nothing_was_deployed()
    {
        await using var server = await Server.StartAsync();

        var (status, _, _) = await server.SendAsync("deployer", "POST", "/api/services/catalog-api/environments/production/rollback");

        Assert.Equal(HttpStatusCode.NotFound, status);
    }
}
