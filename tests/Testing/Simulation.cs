using Microsoft.Extensions.DependencyInjection;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Engine.VirtualTime;
using Sluice.Orchestration;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Schedules;
using Sluice.Orchestration.Upkeep;
using Sluice.Platforms.Simulated;
using Sluice.Registry;
using Sluice.Registry.Memory;

namespace Sluice.Testing;

/// <summary>The whole product in virtual time: real orchestrations on the embedded engine, in a <see cref="SimulatedWorld"/>.</summary>
public sealed class Simulation : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private Simulation(
        VirtualEngine engine, LateClient client, ServiceProvider services, SimulatedWorld world, MemoryRegistry registry, SimulatedMigrator database, SimulatedSyncs syncs)
    {
        Engine = engine;
        Client = client;
        _services = services;
        World = world;
        Registry = registry;
        Database = database;
        Syncs = syncs;
    }

    /// <summary>Somebody who may do everything.</summary>
    public static Caller Admin { get; } = new("root", Role.Admin, []);

    /// <summary>Somebody who may start and stop.</summary>
    public static Caller Deployer { get; } = new("ci", Role.Deployer, []);

    public VirtualEngine Engine { get; }

    /// <summary>The client that the services have.</summary>
    public LateClient Client { get; }

    public SimulatedWorld World { get; }

    public MemoryRegistry Registry { get; }

    public SimulatedMigrator Database { get; }

    public SimulatedSyncs Syncs { get; }

    public RolloutService Rollouts => _services.GetRequiredService<RolloutService>();

    public Scheduler Scheduler => _services.GetRequiredService<Scheduler>();

    public Watchdog Watchdog => _services.GetRequiredService<Watchdog>();

    public RolloutOptions Options => _services.GetRequiredService<RolloutOptions>();

    /// <summary>Starts an empty world.</summary>
    /// <param name="options">Of the engine.</param>
    /// <param name="onDisk">Takes the place of <see cref="Registry"/>, which stays empty then; its owner disposes of it.</param>
    public static async Task<Simulation> StartAsync(VirtualEngineOptions? options = null, SluiceRegistry? onDisk = null)
    {
        options ??= new VirtualEngineOptions();
        var clock = options.Clock ?? new ManualTimeProvider();
        var world = new SimulatedWorld(clock);
        var registry = new MemoryRegistry();
        var database = new SimulatedMigrator();
        var syncs = new SimulatedSyncs(clock);
        var client = new LateClient();
        var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<TimeProvider>(clock)
            .AddSingleton<DurableClient>(client)
            .AddSingleton<IPlatforms>(world).AddSingleton<ISmokeRunner>(world).AddSingleton<ILoadTest>(world).AddSingleton<ISecretStore>(world)
            .AddSingleton<IMigrator>(database)
            .AddSingleton<ISyncs>(syncs)
            .AddSingleton(onDisk?.Deployments ?? registry).AddSingleton(onDisk?.Events ?? registry).AddSingleton(onDisk?.Coordination ?? registry)
            .AddSluiceOrchestration()
            .BuildServiceProvider();
        var engine = await VirtualEngine.StartAsync(new DurableTasks().AddSluice(), services, options with { Clock = clock });
        client.Present = () => engine.Client;
        return new Simulation(engine, client, services, world, registry, database, syncs);
    }

    /// <summary>Starts a rollout.</summary>
    /// <param name="bundle">Plan and files.</param>
    /// <param name="version">Which release.</param>
    /// <param name="key">The idempotency key; the version when not given, so that ids are the same in every run.</param>
    public async Task<string> StartRolloutAsync(Bundle bundle, string version, string? key = null)
    {
        var result = await Rollouts.StartAsync(new StartRequest(bundle, new Release(version), key ?? version, Deployer), default);
        return result is StartResult.Started started
            ? started.Rollout.Id
            : throw new InvalidOperationException(
                $"{version} did not start: {result}" + (result is StartResult.Invalid invalid ? "\n" + string.Join("\n", invalid.Faults) : ""));
    }

    /// <summary>Lets a rollout run to its end and returns how it stands then.</summary>
    public async Task<RolloutStatus> EndOfAsync(string id, TimeSpan? maxVirtual = null)
    {
        var instance = await Engine.RunAsync(id, maxVirtual ?? TimeSpan.FromDays(4));
        return instance.RuntimeStatus == RuntimeStatus.Completed
            ? instance.ReadCustomStatusAs<RolloutStatus>()!
            : throw new InvalidOperationException($"{id} is {instance.RuntimeStatus}: {instance.Failure}");
    }

    /// <summary>Runs a release to its end.</summary>
    public async Task<RolloutStatus> RunAsync(Bundle bundle, string version, string? key = null) =>
        await EndOfAsync(await StartRolloutAsync(bundle, version, key));

    /// <summary>Lets time pass until a rollout's status is as wanted.</summary>
    /// <exception cref="TimeoutException">It is not within a virtual day; says what it was.</exception>
    public async Task<RolloutStatus> UntilAsync(string id, Func<RolloutStatus, bool> wanted, TimeSpan? within = null)
    {
        var latest = Engine.Now + (within ?? TimeSpan.FromDays(1));
        while (true)
        {
            await Engine.SettleAsync();
            var status = await StatusAsync(id);
            if (wanted(status))
            {
                return status;
            }

            if (Engine.Clock.NextDue is not { } due || due > latest)
            {
                throw new TimeoutException($"{id} did not get there; at {Engine.Now:O} it is {status}");
            }

            await Engine.AdvanceToAsync(due);
        }
    }

    /// <summary>How a rollout stands now.</summary>
    public async Task<RolloutStatus> StatusAsync(string id)
    {
        var instance = await Engine.Client.GetInstanceAsync(id, getInputsAndOutputs: true);
        return instance?.ReadCustomStatusAs<RolloutStatus>() ?? (await _services.GetRequiredService<IDeploymentRegistry>().GetRolloutAsync(id, default))?.Status
            ?? new RolloutStatus { Phase = Phase.Pending, Service = "", Version = "" };
    }

    /// <summary>Says something to a rollout.</summary>
    public Task<CommandResult> SayAsync(string id, CommandKind kind, Caller? caller = null, string? reason = null, string? key = null, string? by = null) =>
        Rollouts.CommandAsync(new CommandRequest(id, kind, caller ?? Admin, reason, by, key), default);

    /// <summary>Says that an item of a checklist is done, or is not after all.</summary>
    public Task<CommandResult> TickAsync(string id, string item, Caller caller, string? note = null, bool done = true) =>
        Rollouts.CommandAsync(new CommandRequest(id, CommandKind.Tick, caller, note, null, null) { Item = item, Passed = done }, default);

    /// <summary>Reports a condition of the release.</summary>
    public Task<CommandResult> ReportAsync(string id, string condition, bool passed, string? note = null) =>
        Rollouts.CommandAsync(new CommandRequest(id, CommandKind.Report, Deployer, note, null, null) { Item = condition, Passed = passed }, default);

    /// <summary>Types of a rollout's events, in order.</summary>
    public IReadOnlyList<string> EventsOf(string id) => [.. Registry.Events.Where(e => e.RolloutId == id).Select(e => e.Type)];

    /// <summary>When events of a type happened in a rollout, in order.</summary>
    public IReadOnlyList<DateTimeOffset> TimesOf(string id, string type) => [.. Registry.Events.Where(e => e.RolloutId == id && e.Type == type).Select(e => e.At)];

    /// <summary>The row of a rollout in an environment.</summary>
    public Deployment Row(string id, string environment = "production") => Registry.Deployments.Single(d => d.Id == $"{id}~{environment}");

    public async ValueTask DisposeAsync()
    {
        await Engine.DisposeAsync();
        await _services.DisposeAsync();
    }
}
