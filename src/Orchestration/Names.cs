using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Sluice.Domain.Plans;
using Sluice.Domain.Syncs;
using Sluice.Durable;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollbacks;
using Sluice.Orchestration.Rollouts;
using Sluice.Orchestration.Schedules;
using Sluice.Orchestration.Soaks;
using Sluice.Orchestration.Telemetry;
using Sluice.Orchestration.Upkeep;

namespace Sluice.Orchestration;

/// <summary>Every orchestrator by name. Stored in histories: never renamed.</summary>
public static class Orchestrations
{
    /// <summary>One release, from its first step to all traffic, or back.</summary>
    public static OrchestratorRef<RolloutInput, RolloutResult> Rollout { get; } = new("Rollout");

    /// <summary>A stretch of looking: at most <see cref="SoakLegOrchestrator.MaxTicks"/> ticks.</summary>
    public static OrchestratorRef<LegInput, LegResult> SoakLeg { get; } = new("Soak");

    /// <summary>Looks on after a release.</summary>
    public static OrchestratorRef<AfterReleaseInput, Unit> AfterRelease { get; } = new("AfterRelease");

    /// <summary>Undoes a compensation stack, newest first.</summary>
    public static OrchestratorRef<RollbackInput, RollbackReport> Rollback { get; } = new("Rollback");

    /// <summary>Brings a rollout back whose instance was ended from outside.</summary>
    public static OrchestratorRef<RecoveryInput, RollbackReport> Recovery { get; } = new("Recovery");

    /// <summary>Finds rollouts that stopped moving.</summary>
    public static OrchestratorRef<Unit, UpkeepReport> Watchdog { get; } = new("Watchdog");

    /// <summary>Says again what waits for people.</summary>
    public static OrchestratorRef<Unit, UpkeepReport> Reminders { get; } = new("Reminders");

    /// <summary>Removes what is older than it is kept.</summary>
    public static OrchestratorRef<Unit, UpkeepReport> Retention { get; } = new("Retention");
}

/// <summary>Every activity by name. Stored in histories: never renamed.</summary>
public static class ActivityRefs
{
    /// <summary>The plan of a stored bundle.</summary>
    public static ActivityRef<LoadPlanInput, Plan> LoadPlan { get; } = new("LoadPlan");

    /// <summary>What people said since a number.</summary>
    public static ActivityRef<ReadCommandsInput, CommandBatch> ReadCommands { get; } = new("ReadCommands");

    /// <summary>Projects status, events and deployment rows into the registry.</summary>
    public static ActivityRef<Progress, Unit> Record { get; } = new("Record");

    /// <summary>Marks a deployment that an earlier version replaced.</summary>
    public static ActivityRef<MarkRolledBackInput, Unit> MarkRolledBack { get; } = new("MarkRolledBack");

    /// <summary>Takes an environment's lock, or a place in its line.</summary>
    public static ActivityRef<LockRequest, LockState> AcquireLock { get; } = new("AcquireLock");

    /// <summary>Gives a lock or a place in line back and wakes the next.</summary>
    public static ActivityRef<ReleaseLockInput, Unit> ReleaseLock { get; } = new("ReleaseLock");

    /// <summary>Tells the rollouts ahead to go back.</summary>
    public static ActivityRef<SupersedeInput, Unit> Supersede { get; } = new("Supersede");

    /// <summary>Sets what the rollout's legs should do.</summary>
    public static ActivityRef<DesiredStateInput, Unit> SetDesiredState { get; } = new("SetDesiredState");

    /// <summary>Keeps the compensation stack for when the instance is lost.</summary>
    public static ActivityRef<StoreStackInput, Unit> StoreStack { get; } = new("StoreStack");

    /// <summary>Reads what an environment runs before a rollout touches it.</summary>
    public static ActivityRef<ReadEnvironmentInput, EnvironmentFacts> ReadEnvironment { get; } = new("ReadEnvironment");

    /// <summary>Checks an environment's variables and secrets.</summary>
    public static ActivityRef<ValidateInput, CheckReport> ValidateEnvironment { get; } = new("ValidateEnvironment");

    /// <summary>Which SQL files have not run yet.</summary>
    public static ActivityRef<MigrationInput, MigrationReport> PendingMigrations { get; } = new("PendingMigrations");

    /// <summary>Runs SQL files, each once.</summary>
    public static ActivityRef<MigrationInput, MigrationReport> MigrateUp { get; } = new("MigrateUp") { Timeout = TimeSpan.FromMinutes(5) };

    /// <summary>Undoes SQL files.</summary>
    public static ActivityRef<MigrationInput, MigrationReport> MigrateDown { get; } = new("MigrateDown") { Timeout = TimeSpan.FromMinutes(5) };

    /// <summary>Starts a revision unless it runs.</summary>
    public static ActivityRef<RevisionRequest, RevisionState> StartRevision { get; } = new("StartRevision");

    /// <summary>Where a revision stands.</summary>
    public static ActivityRef<GetRevisionInput, RevisionState> GetRevision { get; } = new("GetRevision");

    /// <summary>Drains and stops a revision.</summary>
    public static ActivityRef<StopRevisionInput, RevisionState> StopRevision { get; } = new("StopRevision");

    /// <summary>Moves traffic and confirms that it moved.</summary>
    public static ActivityRef<TrafficChange, Traffic> SetTraffic { get; } = new("SetTraffic");

    /// <summary>Runs a smoke suite against a revision; up to two minutes, and some to report.</summary>
    public static ActivityRef<SmokeInput, SmokeReport> Smoke { get; } = new("Smoke") { Timeout = TimeSpan.FromSeconds(150) };

    /// <summary>Makes the checks of a checklist; its suites side by side, two minutes each.</summary>
    public static ActivityRef<ChecksInput, ChecksReport> RunChecks { get; } = new("RunChecks") { Timeout = TimeSpan.FromSeconds(150) };

    /// <summary>Runs a load test, records it and judges it.</summary>
    public static ActivityRef<BaselineInput, BaselineReport> Baseline { get; } = new("Baseline") { Timeout = TimeSpan.FromMinutes(4) };

    /// <summary>Looks once: desired state, health, numbers, verdict. A smoke suite on the wall clock is part of it.</summary>
    public static ActivityRef<LookInput, LookResult> Look { get; } = new("Look") { Timeout = TimeSpan.FromSeconds(150) };

    /// <summary>Sends a revision requests of our own before it gets any of users.</summary>
    public static ActivityRef<WarmInput, WarmReport> Warm { get; } = new("Warm");

    /// <summary>Begins to look on after a release.</summary>
    public static ActivityRef<AfterReleaseInput, Unit> StartAfterRelease { get; } = new("StartAfterRelease");

    /// <summary>Which freeze windows hold an environment.</summary>
    public static ActivityRef<FreezeInput, FreezeReport> CheckFreeze { get; } = new("CheckFreeze");

    /// <summary>What a server says of its syncs.</summary>
    public static ActivityRef<ReadSyncsInput, SyncSighting> ReadSyncs { get; } = new("ReadSyncs");

    /// <summary>Switches a server's schedule off, widens it, or takes providers from it.</summary>
    public static ActivityRef<LimitSyncsInput, LimitSyncsReport> LimitSyncs { get; } = new("LimitSyncs");

    /// <summary>Ends a lost rollout in the registry.</summary>
    public static ActivityRef<EndLostInput, Unit> EndLost { get; } = new("EndLost");

    /// <summary>Finds rollouts that stopped moving and does what can be done.</summary>
    public static ActivityRef<Unit, UpkeepReport> FindStopped { get; } = new("FindStopped") { Timeout = TimeSpan.FromMinutes(4) };

    /// <summary>Writes reminders.</summary>
    public static ActivityRef<Unit, UpkeepReport> Remind { get; } = new("Remind") { Timeout = TimeSpan.FromMinutes(4) };

    /// <summary>Removes old events and instances.</summary>
    public static ActivityRef<Unit, UpkeepReport> RemoveOld { get; } = new("RemoveOld") { Timeout = TimeSpan.FromMinutes(4) };
}

/// <summary>Registers the product with a host.</summary>
public static class OrchestrationRegistration
{
    /// <summary>Every orchestrator and activity, each attempt at one traced and measured.</summary>
    public static DurableTasks AddSluice(this DurableTasks tasks) => tasks
        .AroundActivities(ActivityTelemetry.RunAsync)
        .AddOrchestrator(Orchestrations.Rollout, _ => new RolloutOrchestrator())
        .AddOrchestrator(Orchestrations.SoakLeg, _ => new SoakLegOrchestrator())
        .AddOrchestrator(Orchestrations.AfterRelease, _ => new AfterReleaseOrchestrator())
        .AddOrchestrator(Orchestrations.Rollback, _ => new RollbackOrchestrator())
        .AddOrchestrator(Orchestrations.Recovery, _ => new RecoveryOrchestrator())
        .AddOrchestrator(Orchestrations.Watchdog, _ => new WatchdogOrchestrator())
        .AddOrchestrator(Orchestrations.Reminders, _ => new RemindersOrchestrator())
        .AddOrchestrator(Orchestrations.Retention, _ => new RetentionOrchestrator())
        .AddActivity(ActivityRefs.LoadPlan, Create<LoadPlanActivity>)
        .AddActivity(ActivityRefs.ReadCommands, Create<ReadCommandsActivity>)
        .AddActivity(ActivityRefs.Record, Create<RecordActivity>)
        .AddActivity(ActivityRefs.MarkRolledBack, Create<MarkRolledBackActivity>)
        .AddActivity(ActivityRefs.AcquireLock, Create<AcquireLockActivity>)
        .AddActivity(ActivityRefs.ReleaseLock, Create<ReleaseLockActivity>)
        .AddActivity(ActivityRefs.Supersede, Create<SupersedeActivity>)
        .AddActivity(ActivityRefs.SetDesiredState, Create<SetDesiredStateActivity>)
        .AddActivity(ActivityRefs.StoreStack, Create<StoreStackActivity>)
        .AddActivity(ActivityRefs.ReadEnvironment, Create<ReadEnvironmentActivity>)
        .AddActivity(ActivityRefs.ValidateEnvironment, Create<ValidateEnvironmentActivity>)
        .AddActivity(ActivityRefs.PendingMigrations, Create<PendingMigrationsActivity>)
        .AddActivity(ActivityRefs.MigrateUp, Create<MigrateUpActivity>)
        .AddActivity(ActivityRefs.MigrateDown, Create<MigrateDownActivity>)
        .AddActivity(ActivityRefs.StartRevision, Create<StartRevisionActivity>)
        .AddActivity(ActivityRefs.GetRevision, Create<GetRevisionActivity>)
        .AddActivity(ActivityRefs.StopRevision, Create<StopRevisionActivity>)
        .AddActivity(ActivityRefs.SetTraffic, Create<SetTrafficActivity>)
        .AddActivity(ActivityRefs.Smoke, Create<SmokeActivity>)
        .AddActivity(ActivityRefs.RunChecks, Create<RunChecksActivity>)
        .AddActivity(ActivityRefs.Baseline, Create<BaselineActivity>)
        .AddActivity(ActivityRefs.Look, Create<LookActivity>)
        .AddActivity(ActivityRefs.Warm, Create<WarmActivity>)
        .AddActivity(ActivityRefs.StartAfterRelease, Create<StartAfterReleaseActivity>)
        .AddActivity(ActivityRefs.CheckFreeze, Create<CheckFreezeActivity>)
        .AddActivity(ActivityRefs.ReadSyncs, Create<ReadSyncsActivity>)
        .AddActivity(ActivityRefs.LimitSyncs, Create<LimitSyncsActivity>)
        .AddActivity(ActivityRefs.EndLost, Create<EndLostActivity>)
        .AddActivity(ActivityRefs.FindStopped, Create<FindStoppedActivity>)
        .AddActivity(ActivityRefs.Remind, Create<RemindActivity>)
        .AddActivity(ActivityRefs.RemoveOld, Create<RemoveOldActivity>);

    /// <summary>
    /// What the orchestrations need from the container besides the ports (registry, event log, coordination, platforms, smoke runner,
    /// load test, migrator, syncs, secret store) and a <see cref="DurableClient"/>, which the host brings.
    /// </summary>
    public static IServiceCollection AddSluiceOrchestration(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<RolloutOptions>();
        services.TryAddSingleton(s => new VariableSource(s.GetRequiredService<ISecretStore>()));
        services.TryAddSingleton<Waker>();
        services.TryAddSingleton<RolloutService>();
        services.TryAddSingleton<Watchdog>();
        services.TryAddSingleton<Reminding>();
        services.TryAddSingleton<Retention>();
        services.TryAddSingleton<Scheduler>();
        return services;
    }

    private static T Create<T>(IServiceProvider services) => ActivatorUtilities.CreateInstance<T>(new TracedPorts(services));
}
