using System.Globalization;
using System.Net;
using System.Runtime.Versioning;
using Sluice.Domain.Plans;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Gateway.Control;

namespace Sluice.Platforms.Tests.Control;

/// <summary>Revisions as real processes, from start to stop.</summary>
public sealed class RevisionTests
{
    [Fact]
    public async Task A_revision_gets_traffic_only_after_it_was_healthy()
    {
        await using var local = new LocalGateway { Target = LocalGateway.Environment([LocalGateway.TestService, "serve", "ready-after=700"]) };

        Assert.Equal(RevisionPhase.Starting, (await local.StartAsync("v1-a")).Phase);
        var refused = await Assert.ThrowsAsync<PlatformException>(() => local.SetAsync(("v1-a", 100)));
        await local.WaitForAsync("v1-a", s => s.Phase == RevisionPhase.Ready);
        var applied = await local.SetAsync(("v1-a", 100));

        Assert.Equal(PlatformError.Invalid, refused.Error);
        Assert.Contains("v1-a is Starting", refused.Message, StringComparison.Ordinal);
        Assert.Equal(100, applied.Of("v1-a"));
        Assert.Equal(HttpStatusCode.OK, (await local.GetAsync(await local.AddressAsync())).Status);
        Assert.Equal(
            [EffectKind.GatewayStarted, EffectKind.ReplicaStarted, EffectKind.ReplicaReady, EffectKind.TrafficSet],
            local.Effects.Select(e => e.Kind));
    }

    [Fact]
    public async Task A_second_start_changes_nothing()
    {
        await using var local = new LocalGateway();

        await local.StartReadyAsync("v1-a");
        var again = await local.StartAsync("v1-a");

        Assert.Equal(RevisionPhase.Ready, again.Phase);
        Assert.Single(local.Started);
    }

    [Fact]
    public async Task A_replica_that_dies_is_started_again_and_serves_nothing_until_it_is_healthy()
    {
        await using var local = new LocalGateway { Target = LocalGateway.Environment(replicas: 2) };
        await local.StartReadyAsync("v1-a");
        await local.SetAsync(("v1-a", 100));
        var address = await local.AddressAsync();
        var victim = local.Started[0];

        LocalGateway.Kill(victim);
        var served = new HashSet<int>();
        await Eventually.AsyncOf(
            async () =>
            {
                if (await local.GetAsync(address) is { Status: HttpStatusCode.OK } answer)
                {
                    served.Add(int.Parse(answer.Body, CultureInfo.InvariantCulture));
                }

                return await local.Platform.GetAsync(local.Target, "v1-a", default);
            },
            s => s is { Phase: RevisionPhase.Ready, Restarts: 1 });

        var ready = local.Effects.Where(e => e.Kind == EffectKind.ReplicaReady).Select(e => e.Pid!.Value).ToList();
        Assert.Equal(3, ready.Count);
        Assert.NotEmpty(served);
        Assert.Empty(served.Except(ready));
        Assert.DoesNotContain(victim, served);
        Assert.Contains(local.Effects, e => e.Kind == EffectKind.ReplicaExited && e.Pid == victim && e.Evidence!.Contains("signal 9", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_replica_that_turns_unhealthy_leaves_routing_and_comes_back()
    {
        await using var local = new LocalGateway();
        await local.StartReadyAsync("v1-a");
        await local.SetAsync(("v1-a", 100));
        var address = await local.AddressAsync();
        var port = local.Effects.Single(e => e.Kind == EffectKind.ReplicaReady).Port;

        await local.GetAsync(address, "/set/unhealthy/on");
        var unhealthy = await local.WaitForAsync("v1-a", s => s.Phase == RevisionPhase.Unhealthy);
        var meanwhile = await local.GetAsync(address);
        await local.GetAsync(new Uri($"http://127.0.0.1:{port}"), "/set/unhealthy/off");
        await local.WaitForAsync("v1-a", s => s.Phase == RevisionPhase.Ready);

        Assert.Contains("answered 503", unhealthy.Message, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, meanwhile.Status);
        Assert.Equal(HttpStatusCode.OK, (await local.GetAsync(address)).Status);
        Assert.Single(local.Started);
    }

    [Fact]
    public async Task A_revision_that_never_gets_healthy_fails_with_the_last_lines_of_its_log()
    {
        await using var local = new LocalGateway
        {
            Target = LocalGateway.Environment([LocalGateway.TestService, "serve", "unhealthy"], readyWithin: "2s"),
        };

        await local.StartAsync("v1-a");
        var failed = await local.WaitForAsync("v1-a", s => s.Phase == RevisionPhase.Failed);

        Assert.Contains("not ready within 2 s; last: GET /health answered 503", failed.Message, StringComparison.Ordinal);
        Assert.Contains("comes up with unhealthy", failed.Message, StringComparison.Ordinal);
        await LocalGateway.GoneAsync(local.Started.Single());
    }

    [Fact]
    public async Task A_revision_that_dies_again_and_again_fails_and_can_be_started_anew()
    {
        await using var local = new LocalGateway { Target = LocalGateway.Environment([LocalGateway.TestService, "serve", "crash"]) };

        await local.StartAsync("v1-a", "first");
        var failed = await local.WaitForAsync("v1-a", s => s.Phase == RevisionPhase.Failed);
        var sameEffect = await local.StartAsync("v1-a", "first");
        local.Target = LocalGateway.Environment();
        await local.StartAsync("v1-a", "second");

        Assert.Contains("died 5 times in 10 min", failed.Message, StringComparison.Ordinal);
        Assert.Contains("exit code 3", failed.Message, StringComparison.Ordinal);
        Assert.Contains("cannot find the thing it needs", failed.Message, StringComparison.Ordinal);
        Assert.Equal(RevisionPhase.Failed, sameEffect.Phase);
        await local.WaitForAsync("v1-a", s => s.Phase == RevisionPhase.Ready);
    }

    [Theory]
    [InlineData("no-such-program", null, "no 'no-such-program' in PATH")]
    [InlineData("./no-such-file", null, "no-such-file does not exist")]
    [InlineData("./Sluice.TestService.deps.json", null, "is not executable")]
    [InlineData("./Sluice.TestService", "no-such-folder", "no-such-folder does not exist")]
    [InlineData("dotnet releases/{version}/App.dll", null, "releases/v1.0.0/App.dll does not exist")]
    public async Task A_command_that_cannot_start_is_refused_before_anything_runs(string command, string? directory, string message)
    {
        await using var local = new LocalGateway { Target = LocalGateway.Environment(command.Split(' '), directory: directory) };

        var refused = await Assert.ThrowsAsync<PlatformException>(() => local.StartAsync("v1-a"));

        Assert.Equal(PlatformError.CannotStart, refused.Error);
        Assert.StartsWith("CannotStart: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
        Assert.Equal(RevisionPhase.Absent, (await local.Platform.GetAsync(local.Target, "v1-a", default)).Phase);
    }

    [Fact]
    public async Task Stopping_waits_for_the_requests_in_flight()
    {
        await using var local = new LocalGateway();
        await local.StartReadyAsync("v1-a");
        await local.SetAsync(("v1-a", 100));
        await local.StartReadyAsync("v2-b");
        var address = await local.AddressAsync();

        var slow = Enumerable.Range(0, 5).Select(_ => local.GetAsync(address, "/slow/2500")).ToList();
        await Eventually.Async(async () => (await local.ProbeAsync("v1-a", "/slow-count")) == "5", "all slow requests are with the replica");
        await local.SetAsync(("v2-b", 100));
        var refused = await Assert.ThrowsAsync<PlatformException>(() => local.StopAsync("v2-b"));
        var stopped = await local.StopAsync("v1-a");

        Assert.Equal(PlatformError.Invalid, refused.Error);
        Assert.Equal(RevisionPhase.Stopped, stopped.Phase);
        Assert.All(await Task.WhenAll(slow), answer => Assert.Equal((HttpStatusCode.OK, "slow"), answer));
        var order = local.Effects.Where(e => e.Revision == "v1-a").Select(e => e.Kind).TakeLast(3);
        Assert.Equal([EffectKind.Drained, EffectKind.ReplicaStopped, EffectKind.RevisionStopped], order);
        Assert.Equal("0 requests cut", local.Effects.Single(e => e.Kind == EffectKind.Drained).Evidence);
    }

    [Fact]
    public async Task What_ignores_sigterm_is_killed_when_its_time_is_up()
    {
        await using var local = new LocalGateway
        {
            Target = LocalGateway.Environment([LocalGateway.TestService, "serve", "stubborn"], stopWithin: "300ms"),
        };
        await local.StartReadyAsync("v1-a");

        await local.StopAsync("v1-a");
        await local.WaitForAsync("v1-a", s => s.Phase == RevisionPhase.Stopped);

        Assert.StartsWith("SIGKILL", local.Effects.Single(e => e.Kind == EffectKind.ReplicaStopped).Evidence, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_log_that_grows_is_set_aside_and_goes_on()
    {
        await using var local = new LocalGateway();
        await local.StartReadyAsync("v1-a");
        var log = local.LogOf("v1-a");

        await local.ProbeAsync("v1-a", "/print/11");
        await Eventually.Async(() => Task.FromResult(File.Exists(log + ".1") && new FileInfo(log).Length < 1024 * 1024), "the log was set aside");
        await local.ProbeAsync("v1-a", "/print/1");

        Assert.True(new FileInfo(log + ".1").Length > 10 * 1024 * 1024);
        Assert.InRange(new FileInfo(log).Length, 1024 * 1024, 2 * 1024 * 1024);
    }

    [Fact]
    public async Task A_process_inherits_nothing_but_what_it_needs()
    {
        await using var local = new LocalGateway { Target = LocalGateway.Environment(["sleep", "60"]) };

        await local.StartAsync("v1-a");
        await Eventually.Async(() => Task.FromResult(local.Started.Count == 1), "it was started");
        var pid = local.Started.Single();
        var descriptors = new DirectoryInfo($"/proc/{pid}/fd").EnumerateFiles().ToDictionary(f => f.Name, f => f.LinkTarget);
        var stat = await File.ReadAllTextAsync($"/proc/{pid}/stat");
        var status = await File.ReadAllTextAsync($"/proc/{pid}/status");
        var names = (await File.ReadAllTextAsync($"/proc/{pid}/environ")).Split('\0').Select(v => v.Split('=')[0]);

        var log = local.LogOf("v1-a");
        Assert.Equal(
            new Dictionary<string, string?> { ["0"] = "/dev/null", ["1"] = log, ["2"] = log },
            descriptors);
        Assert.Equal($"{pid}", stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[3]);
        Assert.Equal(0ul, Signals(status, "SigBlk"));
        Assert.Equal(0ul, Signals(status, "SigIgn"));
        Assert.Contains("SLUICE_NONCE", names);
        Assert.Contains("PORT", names);
        Assert.DoesNotContain("PWD", names);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task Values_of_secrets_reach_the_process_and_no_file()
    {
        const string Canary = "canary-5f2b9c1e7a";
        var folder = Path.Combine(Path.GetTempPath(), "sluice-" + Guid.NewGuid().ToString("N")[..12]);
        var secret = Path.Combine(folder, "secrets", "api-key");
        Directory.CreateDirectory(Path.GetDirectoryName(secret)!);
        await File.WriteAllTextAsync(secret, Canary + "\n");
        File.SetUnixFileMode(secret, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var local = new LocalGateway(folder)
        {
            Target = LocalGateway.Environment(variables:
            [
                new VariableSpec("API_KEY", true, VariableFormat.Secret, FromSecret: "api-key"),
                new VariableSpec("MODE", true, VariableFormat.Text, Value: "fast"),
            ]),
        };

        await local.StartReadyAsync("v1-a");
        Assert.Equal(Canary, await local.ProbeAsync("v1-a", "/variable/API_KEY"));
        Assert.Equal("fast", await local.ProbeAsync("v1-a", "/variable/MODE"));

        // The next gateway has never been told the value, and looks it up itself.
        await local.KillGatewayAsync();
        await local.WaitForAsync("v1-a", s => s.Phase == RevisionPhase.Ready);
        LocalGateway.Kill(local.Started[0]);
        await local.WaitForAsync("v1-a", s => s is { Phase: RevisionPhase.Ready, Restarts: 1 });
        Assert.Equal(Canary, await local.ProbeAsync("v1-a", "/variable/API_KEY"));

        var holders = Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .Where(f => !f.EndsWith(".sock", StringComparison.Ordinal) && !f.EndsWith(".lock", StringComparison.Ordinal))
            .Where(f => File.ReadAllText(f).Contains(Canary, StringComparison.Ordinal));
        Assert.Equal([secret], holders);
    }

    [Fact]
    public async Task A_required_variable_without_a_value_is_named_before_anything_runs()
    {
        await using var local = new LocalGateway
        {
            Target = LocalGateway.Environment(variables:
            [
                new VariableSpec("API_KEY", true, VariableFormat.Secret, FromSecret: "nowhere"),
                new VariableSpec("URL", true, VariableFormat.Url, FromVariable: "SLUICE_NO_SUCH_VARIABLE"),
            ]),
        };

        var refused = await Assert.ThrowsAsync<PlatformException>(() => local.StartAsync("v1-a"));

        Assert.Contains("API_KEY (no secret 'nowhere'), URL (no variable 'SLUICE_NO_SUCH_VARIABLE'", refused.Message, StringComparison.Ordinal);
    }

    // Signals 1 to 31, as bits. Those above belong to the C library, which ignores two of them in what it spawns.
    private static ulong Signals(string status, string name) => Convert.ToUInt64(
        status.Split('\n').Single(line => line.StartsWith(name, StringComparison.Ordinal)).Split('\t')[1], 16) & 0x7fff_ffff;
}
