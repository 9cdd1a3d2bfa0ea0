using System.Net;
using System.Text;
using System.Text.Json;
using Sluice.Domain.Rollouts;
using Sluice.Platforms.Gateway.Control;
using Sluice.Testing;

namespace Sluice.Functions.Tests.Host;

/// <summary>The product's own orchestrations on a real Functions host over Azurite.</summary>
[Trait(Tools.Needs, Tools.Func)]
public sealed class RolloutTests(LocalAzure azure) : IClassFixture<LocalAzure>
{
    [Fact]
    public async Task A_start_is_answered_with_management_uris_that_work_and_a_second_under_its_key_is_the_same()
    {
        await azure.StartedAsync();
        var plan = new HostPlan("start", azure.Folder).First();
        using var first = await azure.StartAsync(plan, "v1.0.0", "one-key");
        using var second = await azure.StartAsync(plan, "v1.0.0", "one-key");

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.OK), (first.StatusCode, second.StatusCode));
        var uris = await UrisAsync(first);
        var again = await UrisAsync(second);
        var id = uris["id"];
        Assert.Equal(id, again["id"]);
        Assert.Equal($"{azure.App.Url}api/rollouts/{id}", uris["rolloutUri"]);
        var instance = $"{azure.App.Url}runtime/webhooks/durabletask/instances/{id}";
        foreach (var (name, shape) in new Dictionary<string, string>
        {
            ["statusQueryGetUri"] = "?",
            ["sendEventPostUri"] = "/raiseEvent/{eventName}?",
            ["terminatePostUri"] = "/terminate?reason={text}&",
            ["suspendPostUri"] = "/suspend?reason={text}&",
            ["resumePostUri"] = "/resume?reason={text}&",
            ["rewindPostUri"] = "/rewind?reason={text}&",
            ["restartPostUri"] = "/restart?",
            ["purgeHistoryDeleteUri"] = "?",
        })
        {
            // The hub and the connection are the app's own, so only its key is named.
            Assert.Equal(instance + shape, uris[name].Split("code=")[0]);
        }

        Assert.Equal(HttpStatusCode.OK, (await azure.App.Http.GetAsync(uris["rolloutUri"])).StatusCode);
        var status = await LocalAzure.ReadAsync<JsonElement>(await azure.App.Http.GetAsync(uris["statusQueryGetUri"]));
        Assert.Equal(("Rollout", id), (status.GetProperty("name").GetString(), status.GetProperty("instanceId").GetString()));
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(uris["suspendPostUri"]));
        await Eventually.AsyncOf(() => StatusOfAsync(id), s => s == "Suspended", "it is suspended");
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(uris["resumePostUri"]));
        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(uris["sendEventPostUri"].Replace("{eventName}", "Wake", StringComparison.Ordinal)));

        Assert.Equal(Outcome.Promoted, (await azure.EndOfAsync(id)).Status.Outcome);
        Assert.Equal(HttpStatusCode.OK, (await azure.App.Http.DeleteAsync(uris["purgeHistoryDeleteUri"])).StatusCode);
        Assert.Null(await azure.InstanceAsync(id));
        Assert.Single(azure.EffectsOf("start"), e => e.Kind == EffectKind.ReplicaStarted);
    }

    [Fact]
    public async Task An_approval_is_waited_for_and_heard()
    {
        await azure.StartedAsync();
        var plan = new HostPlan("approval", azure.Folder);
        await azure.FirstReleaseAsync(plan);
        var id = await azure.BeginAsync(
            plan.Of("""
                - setWeight: 10
                  - approval: { approvers: [admin], timeout: 1h }
                  - setWeight: 100
                """),
            "v2.0.0");
        var waits = await azure.WaitForAsync(id, v => v.Status.PauseReason == PauseReason.Approval, "it waits for approval");
        Assert.Equal(10, waits.Status.Weight);

        await azure.TellAsync(id, "approve");
        await azure.WaitForAsync(id, v => v.Status.PauseReason is null, "it heard", TimeSpan.FromSeconds(60));

        Assert.Equal(Outcome.Promoted, (await azure.EndOfAsync(id)).Status.Outcome);
        Assert.Contains(await azure.EventsOfAsync(id), e => e.Type == "approved" && e.Data["actor"] == "admin");
    }

    [Fact]
    public async Task Fifty_commands_in_one_soak_are_handled_once_each()
    {
        await azure.StartedAsync();
        var plan = new HostPlan("commands", azure.Folder);
        await azure.FirstReleaseAsync(plan);
        var id = await azure.BeginAsync(plan.Canary("1h"), "v2.0.0");
        await azure.WaitForAsync(id, v => v.Soak is { Looks: > 0 }, "it soaks");

        for (var n = 0; n < 50; n++)
        {
            await azure.TellAsync(id, n % 2 == 0 ? "pause" : "resume", $"k{n}");
        }

        await Eventually.AsyncOf(HandledAsync, count => count >= 50, "all are handled", TimeSpan.FromMinutes(4));
        var looks = (await azure.WaitForAsync(id, v => v.Soak is not null, "it soaks on")).Soak!.Looks;
        await azure.WaitForAsync(id, v => v.Soak!.Looks > looks + 1, "it looks on");
        await azure.TellAsync(id, "promote");

        Assert.Equal(Outcome.Promoted, (await azure.EndOfAsync(id)).Status.Outcome);
        Assert.Equal(50, await HandledAsync());
        Assert.DoesNotContain(await azure.EventsOfAsync(id), e => e.Type == "command.ignored");
        Assert.Equal([10, 100], azure.WeightsOf("commands", "v2.0.0"));

        async Task<int> HandledAsync() =>
            (await azure.EventsOfAsync(id)).Count(e => e.Type is "paused" or "resumed" && e.Data.ContainsKey("actor"));
    }

    [Fact]
    public async Task A_soak_goes_on_leg_by_leg_under_ids_that_are_derived()
    {
        await azure.StartedAsync();
        var plan = new HostPlan("legs", azure.Folder);
        await azure.FirstReleaseAsync(plan);
        var id = await azure.BeginAsync(
            plan.Of("""
                - setWeight: 50
                  - soak:     { duration: 2s, every: 1s, clock: exposure, minRequests: 1, trafficTimeout: 2s, onNoData: wait, warmup: 0s }
                  - setWeight: 100
                """),
            "v2.0.0");

        // Nobody comes: the first leg ends as it begins to hold; when somebody comes, so does the second.
        await azure.WaitForAsync(id, v => v.Status.PauseReason == PauseReason.WaitingForTraffic, "it waits for users");
        await using var visitors = new Visitors(plan.UsersAddress);

        Assert.Equal(Outcome.Promoted, (await azure.EndOfAsync(id)).Status.Outcome);
        foreach (var (leg, end) in new[] { ($"{id}:3-soak", "HoldChanged"), ($"{id}:3-soak:2", "HoldChanged"), ($"{id}:3-soak:3", "Passed") })
        {
            var instance = await azure.InstanceAsync(leg);
            Assert.True(instance is not null, $"there is no {leg}");
            Assert.Equal(("Soak", "Completed"), (instance.Value.GetProperty("name").GetString(), instance.Value.GetProperty("runtimeStatus").GetString()));
            Assert.Equal(end, instance.Value.GetProperty("output").GetProperty("end").GetString());
        }

        Assert.Null(await azure.InstanceAsync($"{id}:3-soak:4"));
    }

    [Fact]
    public async Task A_release_that_fails_its_users_is_brought_back()
    {
        await azure.StartedAsync();
        var plan = new HostPlan("rollback", azure.Folder);
        await azure.FirstReleaseAsync(plan);
        await using var visitors = new Visitors(plan.UsersAddress);

        var end = await azure.EndOfAsync(await azure.BeginAsync(plan.Canary("10m", "fail-every=3"), "v2.0.0"));

        Assert.Equal((Phase.Degraded, Outcome.RolledBack), (end.Status.Phase, end.Status.Outcome));
        var now = await azure.EnvironmentAsync("rollback");
        Assert.Equal("v1.0.0", now.Stable!.Version);
        Assert.Equal([new(now.Stable.Revision, 100)], now.Weights!);
        Assert.Equal([10], azure.WeightsOf("rollback", "v2.0.0"));
    }

    [Fact]
    public async Task A_rollout_that_is_terminated_from_outside_is_brought_back_by_the_watchdog()
    {
        await azure.StartedAsync();
        var plan = new HostPlan("terminate", azure.Folder);
        await azure.FirstReleaseAsync(plan);
        using var started = await azure.StartAsync(plan.Canary("1h"), "v2.0.0", "terminate-v2");
        var uris = await UrisAsync(started);
        await azure.WaitForAsync(uris["id"], v => v.Soak is { Looks: > 0 }, "it soaks at 10 %");

        Assert.Equal(HttpStatusCode.Accepted, await PostAsync(uris["terminatePostUri"]));
        await Eventually.AsyncOf(() => StatusOfAsync(uris["id"]), s => s == "Terminated", "it is terminated");

        // Three turns of the watchdog, and time for the last one to act.
        var now = await Eventually.AsyncOf(
            () => azure.EnvironmentAsync("terminate"), e => e.Lock?.Owner is null && e.Weights!.Count == 1, "it is brought back", TimeSpan.FromMinutes(4));
        Assert.Equal([new(now.Stable!.Revision, 100)], now.Weights!);
        Assert.Equal("v1.0.0", now.Stable.Version);
    }

    private static async Task<Dictionary<string, string>> UrisAsync(HttpResponseMessage answer) =>
        (await LocalAzure.ReadAsync<Dictionary<string, JsonElement>>(answer))
            .Where(m => m.Value.ValueKind == JsonValueKind.String).ToDictionary(m => m.Key, m => m.Value.GetString()!);

    private async Task<HttpStatusCode> PostAsync(string uri)
    {
        using var body = new StringContent("\"\"", Encoding.UTF8, "application/json");
        using var answer = await azure.App.Http.PostAsync(uri.Replace("{text}", "test", StringComparison.Ordinal), body);
        return answer.StatusCode;
    }

    private async Task<string?> StatusOfAsync(string id) => (await azure.InstanceAsync(id))?.GetProperty("runtimeStatus").GetString();
}
