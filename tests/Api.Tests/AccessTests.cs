using System.Net;
using System.Text.RegularExpressions;
using Sluice.Api.Http;

namespace Sluice.Api.Tests;

public sealed class AccessTests(AccessTests.Fixture fixture) : IClassFixture<AccessTests.Fixture>
{
    private static IEnumerable<Route> Guarded => RouteTable.Routes.Where(r => r.Access is not (Access.Open or Access.System));

    public static TheoryData<string, string, string> Forbidden => [.. from route in Guarded
                                                                   from key in Server.Keys.Values
                                                                   where !route.Access.Allows(key.Role)
                                                                   select (route.Method, Filled(route), key.Name)];

    public static TheoryData<string, string> Known => [.. Guarded.Select(r => (r.Method, Filled(r)))];

    public static TheoryData<string, string> Management =>
        [.. RouteTable.Routes.Where(r => r.Access == Access.System).Select(r => (r.Method, Filled(r)))];

    [Theory]
    [MemberData(nameof(Known))]
    public async Task Without_a_key_nothing_answers(string method, string path)
    {
        var (status, body, answer) = await fixture.Server.SendAsync(null, method, path);

        Assert.Equal(HttpStatusCode.Unauthorized, status);
        Assert.Equal("Bearer", answer.Headers.WwwAuthenticate.ToString());
        Assert.Equal("urn:sluice:problem:unauthorized", (string?)body?["type"]);
    }

    [Theory]
    [MemberData(nameof(Forbidden))]
    public async Task A_role_that_is_not_enough_is_refused(string method, string path, string key)
    {
        var (status, body, _) = await fixture.Server.SendAsync(key, method, path);

        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Equal("urn:sluice:problem:forbidden", (string?)body?["type"]);
    }

    [Theory]
    [MemberData(nameof(Management))]
    public async Task No_key_but_the_system_key_opens_the_management_routes(string method, string path)
    {
        var (asAdmin, body, _) = await fixture.Server.SendAsync("admin", method, path);
        var (asCode, _, _) = await fixture.Server.SendAsync(null, method, path + "?code=" + Server.TextOf("admin"));

        Assert.Equal(HttpStatusCode.Unauthorized, asAdmin);
        Assert.Equal(HttpStatusCode.Unauthorized, asCode);
        Assert.NotNull(body?["Message"]);
    }

    [Fact]
    public async Task The_system_key_opens_nothing_else()
    {
        using var client = fixture.Server.As(null);
        client.DefaultRequestHeaders.Authorization = new("Bearer", Server.SystemKeyText);

        var answer = await client.GetAsync($"/api/rollouts?code={Server.SystemKeyText}");

        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task A_header_that_claims_more_changes_nothing()
    {
        var (status, _, _) = await fixture.Server.SendAsync("viewer", "GET", "/api/keys", null, ("x-admin", "true"), ("X-Forwarded-User", "admin"));

        Assert.Equal(HttpStatusCode.Forbidden, status);
    }

    [Fact]
    public async Task A_key_for_one_service_starts_nothing_of_another()
    {
        var (status, body, _) = await fixture.Server.SendAsync("other", "POST", "/api/rollouts", Plans.StartBody("v1.0.0"));

        Assert.Equal(HttpStatusCode.Forbidden, status);
        Assert.Contains("another-service", (string?)body?["detail"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_for_one_service_sees_nothing_of_another()
    {
        var id = await fixture.Server.StartPausedAsync("scoped");

        var (one, _, _) = await fixture.Server.SendAsync("other", "GET", $"/api/rollouts/{id}");
        var (_, list, _) = await fixture.Server.SendAsync("other", "GET", "/api/rollouts");
        var (_, deployments, _) = await fixture.Server.SendAsync("other", "GET", "/api/deployments");
        var (_, events, _) = await fixture.Server.SendAsync("other", "GET", "/api/events");

        Assert.Equal(HttpStatusCode.Forbidden, one);
        Assert.All([list, deployments, events], page => Assert.Empty(page!["items"]!.AsArray()));
    }

    [Fact]
    public async Task What_was_refused_is_in_the_audit_trail()
    {
        await fixture.Server.SendAsync("viewer", "POST", "/api/rollouts/refused-one/abort", """{"reason":"curious"}""");

        var (_, trail, _) = await fixture.Server.SendAsync("admin", "GET", "/api/audit");
        var entry = Assert.Single(trail!["items"]!.AsArray(), e => (string?)e!["subject"] == "refused-one")!;
        Assert.Equal("viewer", (string?)entry["actor"]);
        Assert.Equal("rollout.abort", (string?)entry["action"]);
        Assert.StartsWith("refused 403", (string?)entry["result"], StringComparison.Ordinal);
    }

    // The names need to exist for no route: who may not is told so before anything is looked up.
    private static string Filled(Route route) => "/" + Regex.Replace(route.Pattern, @"\{[^}]+\}", "x", RegexOptions.NonBacktracking);

    public sealed class Fixture : IAsyncLifetime
    {
        public Server Server { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Server = await Server.StartAsync();

        public ValueTask DisposeAsync() => Server.DisposeAsync();
    }
}
