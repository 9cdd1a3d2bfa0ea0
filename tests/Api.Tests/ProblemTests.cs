using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Api.Health;

namespace Sluice.Api.Tests;

public sealed class ProblemTests(AccessTests.Fixture fixture) : IClassFixture<AccessTests.Fixture>
{
    private Server Server => fixture.Server;

    [Theory]
    [InlineData("GET", "/nothing", null, 404, "not-found")]
    [InlineData("GET", "/api/rollouts/nothing", null, 404, "not-found")]
    [InlineData("GET", "/api/deployments/nothing", null, 404, "not-found")]
    [InlineData("GET", "/api/services/nothing/environments", null, 404, "not-found")]
    [InlineData("POST", "/api/rollouts/nothing/abort", null, 404, "not-found")]
    [InlineData("DELETE", "/api/keys/nothing", null, 404, "not-found")]
    [InlineData("PUT", "/api/rollouts", null, 405, "method-not-allowed")]
    [InlineData("POST", "/api/rollouts", null, 400, "bad-request")]
    [InlineData("POST", "/api/rollouts", "{", 400, "bad-request")]
    [InlineData("POST", "/api/rollouts", """{"plan":"x","release":{"version":"v1"},"relase":1}""", 400, "bad-request")]
    [InlineData("POST", "/api/rollouts", """{"plan":"x"}""", 400, "bad-request")]
    [InlineData("POST", "/api/rollouts", """{"plan":7,"release":{"version":"v1"}}""", 400, "bad-request")]
    [InlineData("POST", "/api/rollouts", """{"plan":"schema: 1","release":{"version":"v1.0.0"}}""", 400, "plan-invalid")]
    [InlineData("GET", "/api/rollouts?status=sideways", null, 400, "bad-request")]
    [InlineData("GET", "/api/rollouts?cursor=forged", null, 400, "bad-request")]
    [InlineData("DELETE", "/api/keys/admin", null, 409, "last-admin")]
    [InlineData("POST", "/api/keys", """{"name":"viewer","role":"Viewer"}""", 409, "name-taken")]
    public async Task Every_error_is_a_problem_document(string method, string path, string? body, int status, string code)
    {
        var (got, problem, answer) = await Server.SendAsync("admin", method, path, body);

        Assert.Equal(status, (int)got);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("urn:sluice:problem:" + code, (string?)problem?["type"]);
        Assert.Equal(status, (int?)problem?["status"]);
        Assert.False(string.IsNullOrEmpty((string?)problem?["title"]));
        Assert.Equal(path.Split('?')[0], (string?)problem?["instance"]);
    }

    [Fact]
    public async Task A_method_that_is_not_taken_says_which_are()
    {
        var (_, _, answer) = await Server.SendAsync("admin", "DELETE", "/api/rollouts");

        Assert.Equal(["GET", "POST"], answer.Content.Headers.Allow.Order());
    }

    [Fact]
    public async Task A_body_beyond_a_mebibyte_is_refused()
    {
        var (status, problem, _) = await Server.SendAsync("admin", "POST", "/api/rollouts", Plans.StartBody("v1.0.0", new string('x', 1024 * 1024)));

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, status);
        Assert.Equal("urn:sluice:problem:too-large", (string?)problem?["type"]);
    }

    [Fact]
    public async Task A_body_that_is_not_json_is_refused()
    {
        using var client = Server.As("admin");

        var answer = await client.PostAsync("/api/rollouts", new StringContent("plan: x", Encoding.UTF8, "application/yaml"));

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task All_faults_of_a_plan_come_at_once_with_their_places()
    {
        var plan = Plans.Gated.Replace("setWeight: 100", "setWeight: 101", StringComparison.Ordinal).Replace("timeout: 1h", "timeout: soon", StringComparison.Ordinal);

        var (status, problem, _) = await Server.SendAsync("deployer", "POST", "/api/rollouts", Plans.StartBody("v1.0.0", plan));

        Assert.Equal(HttpStatusCode.BadRequest, status);
        var faults = problem!["faults"]!.AsArray();
        Assert.Equal(2, faults.Count);
        Assert.All(faults, f => Assert.True((int)f!["line"]! > 8 && (int)f["column"]! > 0));
    }

    [Theory]
    [InlineData("""{"name":"ana"}""", "missing-key", "Missing: 'role'.")]
    [InlineData("""{"name":"ana","role":"Viewer","rule":1}""", "unknown-key", "There is no 'rule' here.")]
    [InlineData("""{"name":"ana","role":"King"}""", "wrong-type", "The value is of another kind than expected.")]
    public async Task A_fault_in_a_body_is_said_in_the_words_of_the_body(string body, string code, string message)
    {
        var (_, problem, _) = await Server.SendAsync("admin", "POST", "/api/keys", body);

        var fault = Assert.Single(problem!["faults"]!.AsArray())!;
        Assert.Equal((code, message), ((string?)fault["code"], (string?)fault["message"]));
        Assert.DoesNotContain("Sluice.", problem.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_faulty_parameters_are_named_at_once()
    {
        var (_, problem, _) = await Server.SendAsync("viewer", "GET", "/api/deployments?status=odd&limit=0&from=yesterday");

        Assert.Equal(["status", "from", "limit"], problem!["faults"]!.AsArray().Select(f => (string?)f!["path"]));
    }

    [Theory]
    [InlineData("rolled_back")]
    [InlineData("RolledBack")]
    [InlineData("ROLLEDBACK")]
    public async Task Words_of_a_vocabulary_are_taken_in_either_spelling(string word)
    {
        var (status, _, _) = await Server.SendAsync("viewer", "GET", $"/api/deployments?status={word}");

        Assert.Equal(HttpStatusCode.OK, status);
    }

    [Fact]
    public async Task A_failure_inside_tells_no_more_than_where_to_look()
    {
        await using var server = await Server.StartAsync();
        server.BreakRegistry("rollouts");

        var (status, problem, _) = await server.SendAsync("viewer", "GET", "/api/rollouts");

        Assert.True((int)status >= 500, $"{(int)status} {problem}");
        Assert.DoesNotContain("   at ", problem!.ToJsonString(), StringComparison.Ordinal);
        Assert.StartsWith("urn:sluice:problem:", (string?)problem["type"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deep_health_names_what_is_not_well()
    {
        await using var server = await Server.StartAsync(services => services
            .AddSingleton(new HealthProbe("disk", _ => throw new IOException("1 MiB free")))
            .AddSingleton(new HealthProbe("engine", _ => Task.FromResult("fine"))));

        var (status, body, _) = await server.SendAsync("viewer", "GET", "/health/deep");
        var (shallow, _, _) = await server.SendAsync(null, "GET", "/health");

        Assert.Equal((HttpStatusCode.ServiceUnavailable, HttpStatusCode.OK), (status, shallow));
        Assert.Equal(["unhealthy", "healthy"], body!["checks"]!.AsArray().Select(c => (string?)c!["status"]));
        Assert.Equal("1 MiB free", (string?)body["checks"]![0]!["message"]);
    }

    [Fact]
    public async Task The_index_names_only_what_a_key_may_call()
    {
        var (_, viewer, _) = await Server.SendAsync("viewer", "GET", "/");
        var (_, admin, _) = await Server.SendAsync("admin", "GET", "/");

        Assert.DoesNotContain("POST /api/rollouts", Routes(viewer));
        Assert.Contains("POST /api/rollouts", Routes(admin));
        Assert.DoesNotContain(Routes(admin), r => r.Contains("runtime", StringComparison.Ordinal));
    }

    private static List<string> Routes(JsonNode? index) => [.. index!["routes"]!.AsArray().Select(r => (string)r!)];
}
