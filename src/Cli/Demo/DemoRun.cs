using System.Globalization;
using Sluice.Api.Keys;
using Sluice.Api.Rollouts;
using Sluice.Cli.Client;
using Sluice.Cli.CommandLine;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Ports;
using Sluice.Platforms.Gateway.Control;

namespace Sluice.Cli.Demo;

/// <summary>
/// The demo from its first process to its table: v1 becomes stable, users come, v2 is good, v3 fails 5 of 100 requests, and in the middle
/// of v4's canary the server is killed.
/// </summary>
internal sealed class DemoRun(Terminal terminal, DemoFolder folder, TimeSpan soak, bool keep) : IAsyncDisposable
{
    private const int RequestsPerSecond = 100;
    private const int Clients = 500;
    private const string Bad = "v3.0.0";
    private const string Last = "v4.0.0";
    private static readonly string[] Versions = ["v1.0.0", "v2.0.0", Bad, Last];

    private readonly DemoServer _server = new(folder, terminal.Time);
    private readonly List<DemoRelease> _releases = [];
    private readonly Traffic _traffic = new(folder.Users, RequestsPerSecond, Clients, terminal.Time);
    private SluiceClient? _ci;
    private SluiceClient? _lead;
    private bool _stays;

    /// <summary>Runs all of it.</summary>
    /// <returns>0 when the outcomes are as they should be and no request outside the bad release failed.</returns>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken);
        await RolloutAsync(Versions[0], "first release: becomes stable", cancellationToken);

        _traffic.Start();
        Say($"Users arrive: {RequestsPerSecond} requests/s from {Clients} clients on {folder.Users}");

        await RolloutAsync(Versions[1], "good", cancellationToken);
        await RolloutAsync(Bad, "bad: 5 in 100 requests fail", cancellationToken, ("FAULT_ERROR_RATE", "0.05"));
        await RolloutAsync(Last, "good, and the server is killed in the middle of its canary", cancellationToken);

        await _traffic.StopAsync();
        var right = DemoReport.Write(terminal, _releases, _traffic, Bad);
        WhereToLook();
        _stays = keep;
        return right ? ExitCode.Ok : ExitCode.Failed;
    }

    /// <summary>Ends everything, also what a failed or interrupted run has left, unless a finished one is to be kept.</summary>
    public async ValueTask DisposeAsync()
    {
        await _traffic.DisposeAsync();
        _ci?.Dispose();
        _lead?.Dispose();
        if (_stays)
        {
            return;
        }

        await _server.StopAsync();
        using (var gateway = new GatewayClient(folder.Data, GatewayLaunch.ThisProgram()))
        {
            await gateway.ShutdownAsync(service: null, environment: null, CancellationToken.None);
        }

        folder.Remove();
    }

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        Say($"Sluice demo. The canary is watched for {Durations.Format(soak)} (--soak; 15m to 24h in real plans). Everything is in {folder.Path}");
        Say($"If this terminal is closed, `sluice down --all --data {folder.Data}` ends what is left.");
        folder.Prepare(Versions, """{ "release-managers": [ "demo-lead" ] }""");
        await _server.StartAsync(cancellationToken);
        using var admin = _server.Client();
        _ci = _server.Client((await AddKeyAsync(admin, "demo-ci", Role.Deployer, cancellationToken)).Key);
        _lead = _server.Client((await AddKeyAsync(admin, "demo-lead", Role.Approver, cancellationToken)).Key);
        Say($"Server pid {_server.Pid} at {_server.Url}. demo-ci (deployer) starts rollouts, demo-lead (approver) approves them.");
    }

    private static Task<KeyAdded> AddKeyAsync(SluiceClient admin, string name, Role role, CancellationToken cancellationToken) =>
        admin.PostAsync<KeyAdded>("/api/keys", new AddKey(name, role), idempotencyKey: null, cancellationToken);

    private async Task RolloutAsync(string version, string what, CancellationToken cancellationToken, params (string, string)[] faults)
    {
        Say("");
        Say($"{version} ({what})");
        // The first release has nobody to be compared with, and no users yet.
        var plan = folder.WritePlan(version, version == Versions[0] ? TimeSpan.FromSeconds(2) : soak, faults);
        var body = StartRollout.From(BundleFolder.Read(plan), new Release(version));
        var began = terminal.Time.GetUtcNow();
        var started = await _ci!.PostAsync<RolloutStarted>("/api/rollouts", body, $"demo-{version}", cancellationToken);

        using var follower = new DemoFollower(terminal, _ci, started.Id);
        var approved = false;
        var kill = version == Last;
        var view = await follower.FollowAsync(async (view, token) =>
        {
            if (!approved && view.Status is { Phase: Phase.Paused, PauseReason: PauseReason.Approval })
            {
                approved = true;
                await _lead!.PostAsync<RolloutTold>($"/api/rollouts/{started.Id}/approve", new TellRollout { Reason = "staging looks good" }, null, token);
                follower.Note("demo-lead approves: staging looks good");
            }

            if (kill && view.Status is { Weight: 10 } && view.Soak is { CanaryRequests: > 20 } progress
                && progress.ElapsedSeconds > progress.RequiredSeconds / 3)
            {
                kill = false;
                follower.Note($"kill -9 {_server.Pid}: the server is gone; the gateway goes on serving users");
                await _server.KillAsync();
                await Task.Delay(TimeSpan.FromSeconds(1), terminal.Time, token);
                await _server.StartAsync(token);
                follower.Note($"the server is back as pid {_server.Pid} and takes up where it stood");
            }
        }, cancellationToken);
        _releases.Add(new DemoRelease(version, what, started.Id, view.Status, terminal.Time.GetUtcNow() - began));
    }

    private void WhereToLook()
    {
        Say("");
        if (!keep)
        {
            Say("Run `demo --keep` to look around afterwards: everything stays up until `sluice down --all`.");
            return;
        }

        Say("Everything stays up:");
        Say($"  users      {folder.Users}v1/models?limit=3");
        Say($"  server     {_server.Url} (key in {Path.Combine(folder.Data, "admin.key")})");
        Say($"  rollouts   sluice list --data {folder.Data}");
        Say($"  one of it  sluice get {_releases[^1].Id} --data {folder.Data}");
        Say($"  registry   sqlite3 {Path.Combine(folder.Data, "registry.db")} 'select version, environment, status, rollback_reason from deployments'");
        Say($"  end it     sluice down --all --data {folder.Data}; kill {_server.Pid}; rm -r {folder.Path}");
    }

    private void Say(string line) => terminal.Output.WriteLine(line);
}

/// <summary>One release of the demo and what became of it.</summary>
/// <param name="Version">Which.</param>
/// <param name="What">What it was meant to show.</param>
/// <param name="Id">Its rollout.</param>
/// <param name="Status">Its last status.</param>
/// <param name="Took">From start to end.</param>
internal sealed record DemoRelease(string Version, string What, string Id, RolloutStatus Status, TimeSpan Took)
{
    /// <summary>How long it took, for people.</summary>
    public string TookText => string.Create(CultureInfo.InvariantCulture, $"{Took.TotalSeconds:0.0} s");
}
