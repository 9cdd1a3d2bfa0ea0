using System.Net;
using System.Text.Json;
using Sluice.Testing;

namespace Sluice.Functions.Tests.Host;

/// <summary>What the product's orchestrations rest on, each alone: the adapters over a real Functions host and Azurite.</summary>
[Trait(Tools.Needs, Tools.Func)]
public sealed class ProbeTests(LocalProbe probe) : IClassFixture<LocalProbe>
{
    [Fact]
    public async Task An_event_is_heard()
    {
        await probe.StartedAsync();
        await probe.StartAsync("ProbeEvent", "event", "");
        await probe.StandsAtAsync("event", "Running");

        using var told = await probe.TellInstanceAsync("event", "raiseEvent/go", "went");

        Assert.Equal(HttpStatusCode.Accepted, told.StatusCode);
        Assert.Equal("went", (await probe.StandsAtAsync("event", "Completed")).GetProperty("output").GetString());
        using var late = await probe.TellInstanceAsync("event", "raiseEvent/go", "late");
        Assert.Equal(HttpStatusCode.Gone, late.StatusCode);
    }

    [Fact]
    public async Task An_activity_that_fails_twice_is_tried_three_times()
    {
        await probe.StartedAsync();
        await probe.StartAsync("ProbeWork", "retry", new { name = "retried", failures = 2, attempts = 3 });

        var end = await probe.StandsAtAsync("retry", "Completed");

        Assert.Equal("retried done", end.GetProperty("output").GetProperty("answer").GetString());
        Assert.Equal(["begin retried", "begin retried", "begin retried", "end retried"], LogOf("retried"));
    }

    [Fact]
    public async Task A_child_has_its_parent_and_its_parents_version_and_answers()
    {
        await probe.StartedAsync();
        await probe.StartAsync("ProbeFamily", "family", Family("family"), version: "1.1.0");

        var output = (await probe.StandsAtAsync("family", "Completed")).GetProperty("output");

        var child = output.GetProperty("child");
        Assert.Equal("1.1.0", output.GetProperty("version").GetString());
        Assert.Equal(
            ("family-child done", "1.1.0", "family"),
            (child.GetProperty("answer").GetString(), child.GetProperty("version").GetString(), child.GetProperty("parent").GetString()));
        Assert.Equal("ProbeWork", (await probe.InstanceAsync("family:child"))!.Value.GetProperty("name").GetString());
        Assert.Equal(LocalProbe.DefaultVersion, await VersionOfAsync("unversioned"));
    }

    [Fact]
    public async Task A_child_that_fails_is_seen_by_its_code()
    {
        await probe.StartedAsync();
        await probe.StartAsync("ProbeFamily", "caught", Family("caught", failures: 9, catches: true));

        var output = (await probe.StandsAtAsync("caught", "Completed")).GetProperty("output");

        Assert.Equal("ProbeBroken", output.GetProperty("code").GetString());
        Assert.False(output.TryGetProperty("child", out _));
        Assert.Equal("Failed", (await probe.InstanceAsync("caught:child"))!.Value.GetProperty("runtimeStatus").GetString());
    }

    [Fact]
    public async Task A_rewind_repeats_what_failed_and_nothing_else()
    {
        await probe.StartedAsync();
        await probe.StartAsync("ProbeFamily", "rewind", Family("rewind", failures: 1));
        await probe.StandsAtAsync("rewind", "Failed");

        using var told = await probe.TellInstanceAsync("rewind", "rewind?reason=repaired", "");

        Assert.Equal(HttpStatusCode.Accepted, told.StatusCode);
        await probe.StandsAtAsync("rewind", "Completed");
        Assert.Equal(["begin rewind-before", "end rewind-before"], LogOf("rewind-before"));
        Assert.Equal(["begin rewind-child", "begin rewind-child", "end rewind-child"], LogOf("rewind-child"));
        Assert.Equal(["begin rewind-after", "end rewind-after"], LogOf("rewind-after"));
    }

    [Fact]
    public async Task A_kill_in_an_activity_repeats_it_and_nothing_before_it()
    {
        await probe.StartedAsync();
        await probe.StartAsync("ProbeNap", "kill-activity", new { before = new { name = "ka-before" }, seconds = 1, after = new { name = "ka-after", seconds = 10 } });
        await Eventually.Async(() => LogOf("ka-after").Count == 1, "the activity has begun", TimeSpan.FromMinutes(4));

        await probe.App.KillAsync();
        await probe.App.StartAsync();

        await probe.StandsAtAsync("kill-activity", "Completed");
        Assert.Equal(["begin ka-before", "end ka-before"], LogOf("ka-before"));
        Assert.Equal(["begin ka-after", "begin ka-after", "end ka-after"], LogOf("ka-after"));
    }

    [Fact]
    public async Task A_kill_during_a_timer_repeats_nothing()
    {
        await probe.StartedAsync();
        await probe.StartAsync("ProbeNap", "kill-timer", new { before = new { name = "kt-before" }, seconds = 15, after = new { name = "kt-after" } });
        await Eventually.AsyncOf(
            () => HistoryOfAsync("kill-timer"), h => h.Contains("TimerCreated") || h.Contains("TaskCompleted"), "it sleeps", TimeSpan.FromMinutes(4));

        await probe.App.KillAsync();
        await probe.App.StartAsync();

        await probe.StandsAtAsync("kill-timer", "Completed");
        Assert.Equal(["begin kt-before", "end kt-before"], LogOf("kt-before"));
        Assert.Equal(["begin kt-after", "end kt-after"], LogOf("kt-after"));
        Assert.Contains("TimerFired", await HistoryOfAsync("kill-timer"));
    }

    [Fact]
    public async Task A_version_that_no_host_has_waits_for_one_that_does()
    {
        await probe.StartedAsync();
        await probe.StartAsync("ProbeWork", "newer", new { name = "newer" }, version: "9.9.9");

        // Begun later, and handled: the host has seen the other.
        Assert.Equal(LocalProbe.DefaultVersion, await VersionOfAsync("older"));
        Assert.Equal("Pending", (await probe.InstanceAsync("newer"))!.Value.GetProperty("runtimeStatus").GetString());
        Assert.Empty(LogOf("newer"));

        var old = probe.App;
        await old.StopAsync();
        probe.App = probe.NewApp(new Dictionary<string, string> { ["AzureFunctionsJobHost__extensions__durableTask__defaultVersion"] = "9.9.9" });
        await probe.App.StartAsync();

        var output = (await probe.StandsAtAsync("newer", "Completed")).GetProperty("output");
        Assert.Equal("9.9.9", output.GetProperty("version").GetString());
        await probe.App.StopAsync();
        probe.App = old;
        await old.StartAsync();
    }

    private static object Family(string name, int failures = 0, bool catches = false) => new
    {
        before = new { name = $"{name}-before" },
        child = new { name = $"{name}-child", failures },
        after = new { name = $"{name}-after" },
        catches,
    };

    private IReadOnlyList<string> LogOf(string name) => [.. probe.Log.Where(line => line.EndsWith(" " + name, StringComparison.Ordinal))];

    private async Task<string?> VersionOfAsync(string id)
    {
        await probe.StartAsync("ProbeWork", id, new { name = id });
        return (await probe.StandsAtAsync(id, "Completed")).GetProperty("output").GetProperty("version").GetString();
    }

    private async Task<IReadOnlyList<string?>> HistoryOfAsync(string id)
    {
        using var answer = await probe.App.Http.GetAsync($"/runtime/webhooks/durabletask/instances/{id}?showHistory=true");
        var instance = await LocalAzure.ReadAsync<JsonElement>(answer);
        return instance.TryGetProperty("historyEvents", out var events)
            ? [.. events.EnumerateArray().Select(e => e.GetProperty("EventType").GetString())]
            : [];
    }
}
