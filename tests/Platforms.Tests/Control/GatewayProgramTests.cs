using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Gateway.Control;
using Sluice.Testing;

namespace Sluice.Platforms.Tests.Control;

/// <summary>The gateway program as servers meet it: started, killed, asked twice, asked too late.</summary>
public sealed class GatewayProgramTests
{
    [Fact]
    public async Task After_a_kill_the_next_gateway_adopts_everything_and_starts_nothing()
    {
        await using var local = new LocalGateway { Target = LocalGateway.Environment(replicas: 2, listen: $"127.0.0.1:{FreePort.Reserved()}") };
        await local.StartReadyAsync("v1-a");
        await local.StartReadyAsync("v2-b");
        await local.SetAsync(("v1-a", 100));
        await local.SetAsync(("v1-a", 90), ("v2-b", 10));
        var pids = local.Started;
        var address = await local.AddressAsync();

        await local.KillGatewayAsync();
        Assert.All(pids, pid => Assert.True(LocalGateway.IsRunning(pid)));
        var traffic = await local.Router.GetAsync(local.Target, default);
        var first = await local.GetAsync(address);

        Assert.True(traffic.Matches(LocalGateway.Weights(("v1-a", 90), ("v2-b", 10))));
        Assert.Equal(HttpStatusCode.OK, first.Status);
        Assert.All(
            await local.Platform.ListAsync(local.Target, default),
            revision => Assert.Equal((RevisionPhase.Ready, 0), (revision.Phase, revision.Restarts)));
        Assert.Equal(4, pids.Count);
        Assert.Equal(pids, local.Started);
        Assert.Equal(4, local.Effects.Count(e => e.Kind == EffectKind.ReplicaAdopted));
    }

    [Fact]
    public async Task After_sigterm_revisions_run_on_and_are_adopted()
    {
        await using var local = new LocalGateway();
        await local.StartReadyAsync("v1-a");
        var gateway = (await local.Client.EnsureRunningAsync(default)).Pid;

        using (var kill = System.Diagnostics.Process.Start("kill", ["-TERM", $"{gateway}"]))
        {
            await kill.WaitForExitAsync();
        }

        await LocalGateway.GoneAsync(gateway);
        Assert.True(LocalGateway.IsRunning(local.Started.Single()));
        await local.WaitForAsync("v1-a", s => s.Phase == RevisionPhase.Ready);

        Assert.Single(local.Started);
    }

    [Fact]
    public async Task A_start_that_was_cut_before_its_pid_was_written_is_found_by_its_nonce()
    {
        await using var local = new LocalGateway();
        await local.StartReadyAsync("v1-a");
        await local.KillGatewayAsync();
        EditRecord(local, "v1-a", replica =>
        {
            replica.Remove("pid");
            replica.Remove("startTime");
            replica["wasReady"] = false;
        });

        await local.WaitForAsync("v1-a", s => s.Phase == RevisionPhase.Ready);

        Assert.Equal(local.Started.Single(), local.Effects.Single(e => e.Kind == EffectKind.ReplicaAdopted).Pid);
    }

    [Fact]
    public async Task An_intent_without_a_process_is_started()
    {
        await using var local = new LocalGateway();
        await local.StartReadyAsync("v1-a");
        await local.KillGatewayAsync();
        LocalGateway.Kill(local.Started.Single());
        EditRecord(local, "v1-a", replica =>
        {
            replica.Remove("pid");
            replica.Remove("startTime");
        });

        await local.WaitForAsync("v1-a", s => s.Phase == RevisionPhase.Ready);

        Assert.Equal(2, local.Started.Count);
    }

    [Fact]
    public async Task A_stop_that_was_cut_is_finished_by_the_next_gateway()
    {
        await using var local = new LocalGateway
        {
            Target = LocalGateway.Environment([LocalGateway.TestService, "serve", "stubborn"], stopWithin: "2s"),
        };
        await local.StartReadyAsync("v1-a");

        var stop = local.StopAsync("v1-a");
        await local.WaitForAsync("v1-a", s => s.Phase == RevisionPhase.Stopping);
        await local.KillGatewayAsync();
        await local.WaitForAsync("v1-a", s => s.Phase == RevisionPhase.Stopped);

        Assert.Equal(RevisionPhase.Stopped, (await stop).Phase);
        Assert.Empty(LocalGateway.WritersTo(local.LogOf("v1-a")));
        Assert.Single(local.Started);
    }

    [Fact]
    public async Task Kills_of_the_gateway_at_any_moment_start_nothing_twice_and_orphan_nothing()
    {
        await using var local = new LocalGateway { Target = LocalGateway.Environment(replicas: 2) };
        var random = new Random(20261121);
        for (var round = 0; round < 6; round++)
        {
            var revision = $"v{round}-a";
            var gateway = (await local.Client.EnsureRunningAsync(default)).Pid;

            // The call itself meets the kill, starts the next gateway, and asks again.
            var start = local.StartAsync(revision);
            await Task.Delay(random.Next(150));
            LocalGateway.Kill(gateway);
            await start;
            await local.WaitForAsync(revision, s => s.Phase == RevisionPhase.Ready);

            Assert.Equal(2, LocalGateway.WritersTo(local.LogOf(revision)).Count);
        }
    }

    [Fact]
    public async Task A_pid_that_came_to_somebody_else_is_neither_adopted_nor_signalled()
    {
        await using var local = new LocalGateway();
        await local.StartReadyAsync("v1-a");
        await local.KillGatewayAsync();
        LocalGateway.Kill(local.Started.Single());
        using var stranger = System.Diagnostics.Process.Start("sleep", ["60"]);
        EditRecord(local, "v1-a", replica => replica["pid"] = stranger.Id);

        await local.WaitForAsync("v1-a", s => s.Phase == RevisionPhase.Ready);
        await local.StopAsync("v1-a");

        Assert.False(stranger.HasExited);
        Assert.Equal(2, local.Started.Count);
        stranger.Kill();
    }

    [Fact]
    public async Task A_late_write_is_refused_and_the_same_write_is_the_same_effect()
    {
        await using var local = new LocalGateway();
        await local.StartReadyAsync("v1-a");
        await local.StartReadyAsync("v2-b");
        await local.SetAsync(("v1-a", 100));
        var wanted = LocalGateway.Weights(("v1-a", 90), ("v2-b", 10));

        var once = await local.Router.SetAsync(local.Target, wanted, new Fence(7, 2), "k", default);
        var twice = await local.Router.SetAsync(local.Target, wanted, new Fence(7, 2), "k", default);
        var other = await Assert.ThrowsAsync<PlatformException>(
            () => local.Router.SetAsync(local.Target, LocalGateway.Weights(("v2-b", 100)), new Fence(7, 2), "k", default));
        var late = await Assert.ThrowsAsync<PlatformException>(
            () => local.Router.SetAsync(local.Target, LocalGateway.Weights(("v2-b", 100)), new Fence(7, 1), "l", default));
        await local.KillGatewayAsync();
        var lateStart = await Assert.ThrowsAsync<PlatformException>(() => local.StartAsync("v3-c"));

        Assert.True(once.Matches(wanted) && twice.Matches(wanted));
        Assert.Equal(PlatformError.Invalid, other.Error);
        Assert.Equal(PlatformError.StaleWrite, late.Error);
        Assert.StartsWith("StaleWrite: ", late.Message, StringComparison.Ordinal);
        Assert.Equal(PlatformError.StaleWrite, lateStart.Error);
        Assert.Single(local.Effects, e => e.Kind == EffectKind.TrafficSet && e.Fence == new Fence(7, 2));
        Assert.True((await local.Router.GetAsync(local.Target, default)).Matches(wanted));
    }

    [Fact]
    public async Task Weights_that_do_not_add_up_are_refused_and_change_nothing()
    {
        await using var local = new LocalGateway();
        await local.StartReadyAsync("v1-a");
        await local.SetAsync(("v1-a", 100));

        var refused = await Assert.ThrowsAsync<PlatformException>(() => local.SetAsync(("v1-a", 80), ("ghost", 10)));

        Assert.Contains("add up to 100", refused.Message, StringComparison.Ordinal);
        Assert.Contains("ghost does not exist", refused.Message, StringComparison.Ordinal);
        Assert.Equal(100, (await local.Router.GetAsync(local.Target, default)).Of("v1-a"));
    }

    [Fact]
    public async Task A_taken_port_is_named_with_its_holder_before_anything_runs()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var port = ((IPEndPoint)holder.LocalEndpoint).Port;
        await using var local = new LocalGateway { Target = LocalGateway.Environment(listen: $"127.0.0.1:{port}") };

        var refused = await Assert.ThrowsAsync<PlatformException>(() => local.StartAsync("v1-a"));

        Assert.Equal(PlatformError.PortInUse, refused.Error);
        Assert.Contains($"{port}", refused.Message, StringComparison.Ordinal);
        Assert.Contains($"pid {Environment.ProcessId}", refused.Message, StringComparison.Ordinal);
        Assert.Empty(local.Started);
    }

    [Fact]
    public async Task Servers_that_start_at_the_same_time_share_one_gateway()
    {
        await using var local = new LocalGateway();
        var clients = Enumerable.Range(0, 4).Select(_ => local.NewClient()).ToList();

        var seen = await Task.WhenAll(clients.Select(c => c.EnsureRunningAsync(default)));

        Assert.Single(seen.Select(s => s.Pid).Distinct());
        clients.ForEach(c => c.Dispose());
    }

    [Fact]
    public async Task Shutting_down_ends_every_process_even_after_the_gateway_was_killed()
    {
        await using var local = new LocalGateway { Target = LocalGateway.Environment(replicas: 2) };
        await local.StartReadyAsync("v1-a");
        await local.SetAsync(("v1-a", 100));
        await local.KillGatewayAsync();

        await local.Client.ShutdownAsync(null, null, default);

        Assert.Equal(2, local.Started.Count);
        Assert.All(local.Started, pid => Assert.False(LocalGateway.IsRunning(pid)));
        Assert.Null(await local.Client.TryGetStatusAsync(default));
    }

    [Fact]
    public async Task Probes_reach_a_revision_without_weight_and_are_not_counted()
    {
        await using var local = new LocalGateway();
        await local.StartReadyAsync("v1-a");
        await local.StartReadyAsync("v2-b");
        await local.SetAsync(("v1-a", 100));
        var canary = local.Effects.Single(e => e is { Kind: EffectKind.ReplicaStarted, Revision: "v2-b" }).Pid;
        var address = await local.AddressAsync();

        Assert.Equal($"{canary}", await local.ProbeAsync("v2-b"));
        await local.GetAsync(address);
        await local.GetAsync(address);

        var reading = await Eventually.AsyncOf(
            () => local.Metrics.ReadAsync(local.Target, default), r => r.Revisions["v1-a"].Requests == 2);
        Assert.Equal(0, reading.Revisions.GetValueOrDefault("v2-b")?.Requests ?? 0);
    }

    [Fact]
    public async Task Another_protocol_is_refused_with_the_command_to_run()
    {
        await using var local = new LocalGateway();
        var gateway = (await local.Client.EnsureRunningAsync(default)).Pid;
        using var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await socket.ConnectAsync(new UnixDomainSocketEndPoint(Path.Combine(local.Folder, "gateway", "gateway.sock")), cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        using var http = new HttpClient(handler) { DefaultRequestHeaders = { { "Sluice-Protocol", "2.0" } } };
        using var body = new StringContent("{}");

        using var answer = await http.PostAsync(new Uri("http://gateway/status"), body);
        var text = await answer.Content.ReadAsStringAsync();

        Assert.Contains("speaks protocol 1.0, not '2.0'", text, StringComparison.Ordinal);
        Assert.Contains($"kill {gateway}", text, StringComparison.Ordinal);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task A_data_folder_with_a_long_path_works_and_everything_in_it_is_private()
    {
        var top = Path.Combine(Path.GetTempPath(), "sluice-" + Guid.NewGuid().ToString("N"));
        await using (var local = new LocalGateway(Path.Combine(top, new string('a', 60), new string('b', 60))))
        {
            await local.StartReadyAsync("v1-a");

            var open = Directory.EnumerateFileSystemEntries(local.Folder, "*", SearchOption.AllDirectories)
                .Where(path => (File.GetUnixFileMode(path) & ~(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute)) != 0);
            Assert.Empty(open);
        }

        Directory.Delete(top, recursive: true);
    }

    [Fact]
    public async Task A_damaged_state_is_named_instead_of_being_started_over()
    {
        await using var local = new LocalGateway();
        await local.StartReadyAsync("v1-a");
        await local.KillGatewayAsync();
        var state = Path.Combine(local.Folder, "gateway", "state.json");
        var whole = await File.ReadAllTextAsync(state);
        await File.WriteAllTextAsync(state, whole[..(whole.Length / 2)]);

        var refused = await Record.ExceptionAsync(() => local.Client.EnsureRunningAsync(default));
        await File.WriteAllTextAsync(state, whole);

        Assert.Equal(PlatformError.Unreachable, Assert.IsType<PlatformException>(refused).Error);
        Assert.Contains("state.json is damaged", refused.Message, StringComparison.Ordinal);
    }

    private static void EditRecord(LocalGateway local, string revision, Action<JsonObject> edit)
    {
        var path = Path.Combine(local.Folder, "processes", "shop", "production", revision + ".json");
        var record = JsonNode.Parse(File.ReadAllText(path))!;
        edit(record["replicas"]![0]!.AsObject());
        File.WriteAllText(path, record.ToJsonString());
    }
}
