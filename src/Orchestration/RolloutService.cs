using System.Security.Cryptography;
using System.Text;
using Sluice.Domain.Freezes;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Explanations;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollouts;
using Sluice.Orchestration.Steps;
using Sluice.Orchestration.Telemetry;

namespace Sluice.Orchestration;

/// <summary>What people and programs may do with rollouts: the one door both hosts' handlers use.</summary>
public sealed class RolloutService(
    IDeploymentRegistry registry,
    IEventLog events,
    ICoordination coordination,
    IPlatforms platforms,
    DurableClient client,
    Waker waker,
    RolloutOptions options,
    TimeProvider time)
{
    private static readonly TimeSpan KeyLifetime = TimeSpan.FromDays(30);
    private readonly RolloutReader _reader = new(registry, events, coordination, platforms, client);

    /// <summary>Validates the plan against what the platforms can do and starts the rollout; all or nothing.</summary>
    /// <remarks>A key is remembered for 30 days.</remarks>
    public async Task<StartResult> StartAsync(StartRequest request, CancellationToken cancellationToken)
    {
        if (!MayDeploy(request.Caller))
        {
            return new StartResult.Refused($"{request.Caller.Name} has the role {request.Caller.Role}; starting needs Deployer or Admin.");
        }

        var compilation = PlanCompiler.Compile(request.Bundle);
        if (compilation.Plan is not { } plan)
        {
            return new StartResult.Invalid(compilation.Faults);
        }

        var faults = new PlanCapabilities(platforms, options).Check(plan, request.Release);
        if (faults.Count > 0)
        {
            return new StartResult.Invalid(faults);
        }

        if (request.Emergency is not null && RefuseEmergency(request, plan) is { } refusal)
        {
            return refusal;
        }

        plan = request.Emergency is null ? plan : EmergencyPlan.From(plan);
        var bundleHash = await registry.PutBundleAsync(request.Bundle, cancellationToken);
        var requestHash = Sha256(bundleHash + DurableJson.Write(request.Release) + request.Emergency);
        var suffix = request.IdempotencyKey is { } key ? RolloutIds.SuffixOf(key) : RandomSuffix();
        if (request.IdempotencyKey is not null && await FindBySuffixAsync(suffix, cancellationToken) is { } earlier)
        {
            return earlier.RequestHash == requestHash
                ? new StartResult.Existing(await EnsureScheduledAsync(earlier, plan, cancellationToken))
                : new StartResult.KeyReused(earlier.Id);
        }

        var record = new RolloutRecord(
            RolloutIds.Instance(plan.Service, plan.LastEnvironment, request.Release.Version, suffix),
            plan.Service, plan.LastEnvironment, request.Release, bundleHash, requestHash, request.Caller.Name, time.GetUtcNow())
        {
            Emergency = request.Emergency,
            FreezeOverride = request.FreezeOverride,
        };
        return await StartAsync(record, plan, request.Caller, [.. compilation.Warnings, .. await NoticesAsync(plan, cancellationToken)], cancellationToken);
    }

    private static StartResult.Refused? RefuseEmergency(StartRequest request, Plan plan) =>
        string.IsNullOrWhiteSpace(request.Emergency) ? new StartResult.Refused("An emergency needs a reason.")
        : request.Caller.Role == Role.Admin || plan.Emergency.Any(e => e == request.Caller.Name || request.Caller.Groups.Contains(e)) ? null
        : new StartResult.Refused(
            $"{request.Caller.Name} may not start an emergency: that takes an admin"
            + (plan.Emergency.Count == 0 ? "; the plan names nobody else in 'emergency'." : $" or {string.Join(", ", plan.Emergency)}."));

    // Where it begins decides about the start; what comes later is looked at when the rollout gets there.
    private StartResult? RefuseFrozen(RolloutRecord record, Plan plan, Caller caller)
    {
        if (RollbackReach.LockOrder(plan) is not [var environment, ..])
        {
            return null;
        }

        var windows = FreezeCalendar.InForce([.. plan.Freeze, .. options.Freeze], environment, time.GetUtcNow());
        if (record.FreezeOverride is not null)
        {
            return windows.FirstOrDefault(f => f.OverrideBy.Count > 0 && !f.OverrideBy.Any(o => o == caller.Name || caller.Groups.Contains(o))) is { } strict
                ? new StartResult.Refused($"{caller.Name} may not override the freeze window '{strict.Name}': {string.Join(", ", strict.OverrideBy)}.")
                : null;
        }

        return windows.FirstOrDefault(f => f.OnStart == FreezeStart.Block) is { } block ? new StartResult.Frozen(environment, block.Name, block.Until) : null;
    }

    // What the caller should know before it begins, though nothing is wrong with the plan.
    private async Task<IReadOnlyList<PlanFault>> NoticesAsync(Plan plan, CancellationToken cancellationToken)
    {
        var notices = new List<PlanFault>();
        foreach (var environment in plan.Steps.OfType<Step.Deploy>().Select(d => d.Environment!).Distinct())
        {
            if ((await registry.ListSuccessfulAsync(plan.Service, environment, 1, cancellationToken)).Count == 0)
            {
                notices.Add(new PlanFault(
                    "first-release", $"environments.{environment}", 0, 0,
                    $"This is the first release in {environment}: it gets all traffic once it is ready and smoked, nothing is compared, and a failure leaves {environment} empty."));
            }
        }

        notices.AddRange(plan.Notify.Select((rule, index) => new PlanFault(
            "no-channel", $"notify[{index}].to", 0, 0, $"This server has no channel '{rule.To}': {string.Join(", ", rule.Events)} are in the rollout's events only.")));
        return notices;
    }

    /// <summary>Tells a rollout something: a row first, then one event that wakes.</summary>
    public async Task<CommandResult> CommandAsync(CommandRequest request, CancellationToken cancellationToken)
    {
        if (await _reader.FindAsync(request.RolloutId, cancellationToken) is not { } rollout)
        {
            return new CommandResult.NotFound();
        }

        var step = request.Kind is CommandKind.Tick or CommandKind.Skip ? await _reader.StepAsync(rollout, cancellationToken) : null;
        if (CommandRules.Refuse(request, rollout, step) is { } refusal)
        {
            return refusal;
        }

        var number = await coordination.AddCommandAsync(
            new Command(
                $"{request.RolloutId}:{request.IdempotencyKey ?? RandomNumberGenerator.GetHexString(16, lowercase: true)}",
                request.RolloutId, request.Kind, request.Caller.Name, request.Reason, time.GetUtcNow())
            {
                Groups = request.Caller.Groups,
                By = request.By,
                Item = request.Item,
                Passed = request.Passed,

                // Who sends no hash answers what the gate shows now; when the rollout reads it, it may ask something else.
                Evidence = request.Kind is CommandKind.Approve or CommandKind.Reject ? rollout.Status.Evidence : null,
            },
            cancellationToken);
        await waker.WakeAsync(request.RolloutId, cancellationToken);
        return new CommandResult.Accepted(number);
    }

    /// <summary>Starts a new rollout with the stored bundle and release of one that ended badly.</summary>
    public async Task<StartResult> RetryAsync(string id, Caller caller, CancellationToken cancellationToken)
    {
        if (!MayDeploy(caller))
        {
            return new StartResult.Refused($"{caller.Name} has the role {caller.Role}; a retry needs Deployer or Admin.");
        }

        if (await _reader.FindAsync(id, cancellationToken) is not { } found)
        {
            return new StartResult.Refused($"There is no rollout '{id}'.");
        }

        if (found.Record.Emergency is not null)
        {
            return new StartResult.Refused($"'{id}' was an emergency; whoever wants another says so again, with a reason.");
        }

        if (found.Kind == RolloutKind.Restore)
        {
            return new StartResult.Refused($"'{id}' brought an environment back; ask for the rollback again instead.");
        }

        var failed = found.RuntimeStatus is RuntimeStatus.Failed;
        if (!failed && found.Status.Outcome is not (Outcome.Aborted or Outcome.RolledBack or Outcome.Rejected))
        {
            return new StartResult.Refused(
                $"'{id}' is {found.Status.Outcome?.ToString() ?? found.Status.Phase.ToString()}; only one that was aborted, rolled back, rejected or failed is retried.");
        }

        var old = found.Record;
        var retryId = RolloutIds.Retry(id);
        var plan = await registry.GetPlanAsync(old.BundleHash, cancellationToken);
        if (await registry.GetRolloutAsync(retryId, cancellationToken) is { } existing)
        {
            return new StartResult.Existing(await EnsureScheduledAsync(existing, plan, cancellationToken));
        }

        var record = old with
        {
            Id = retryId,
            TriggeredBy = caller.Name,
            CreatedAt = time.GetUtcNow(),
            RetryOf = id,
            FreezeOverride = null,
            Status = null,
            StatusSequence = 0,
        };
        return await StartAsync(record, plan, caller, [], cancellationToken);
    }

    /// <summary>Brings an environment back to the previous or a named version: tells the running rollout, or starts a rollout of that version.</summary>
    public async Task<RollbackResult> RollbackAsync(RollbackRequest request, CancellationToken cancellationToken)
    {
        if (!MayDeploy(request.Caller))
        {
            return new RollbackResult.Refused($"{request.Caller.Name} has the role {request.Caller.Role}; a rollback needs Deployer or Admin.");
        }

        var successful = await registry.ListSuccessfulAsync(request.Service, request.Environment, 100, cancellationToken);
        if (await TellRunningAsync(request, cancellationToken) is { } told
            && (request.ToVersion is null || (successful.Count > 0 && request.ToVersion == successful[0].Version)))
        {
            return new RollbackResult.Told(told);
        }

        if (successful.Count == 0)
        {
            return new RollbackResult.NotFound($"Nothing was ever promoted in {request.Service}/{request.Environment}.");
        }

        var present = successful[0];
        var wanted = request.ToVersion is { } version
            ? successful.FirstOrDefault(d => d.Version == version)
            : successful.FirstOrDefault(d => d.Version != present.Version);
        if (wanted is null)
        {
            return new RollbackResult.NotFound(
                request.ToVersion is null
                    ? $"{present.Version} is the only version ever promoted in {request.Service}/{request.Environment}."
                    : $"{request.ToVersion} was never promoted in {request.Service}/{request.Environment}; known are "
                        + string.Join(", ", successful.Select(d => d.Version).Distinct().Take(10)) + ".");
        }

        if (wanted.Version == present.Version)
        {
            return new RollbackResult.Refused($"{wanted.Version} serves {request.Environment} already.");
        }

        if (await BarrierAsync(wanted, cancellationToken) is { } barrier)
        {
            return new RollbackResult.Refused(
                $"{wanted.Version} is below the migration {barrier.Metadata[MigrateStep.BarrierKey]} of {barrier.Version}, which cannot be undone "
                + "and does not only add: the old version would meet a database that it does not know.");
        }

        return await RestoreAsync(request, wanted, await WayAsync(successful, wanted, cancellationToken), cancellationToken);
    }

    // What the plan of the release that goes says; it is the newer one.
    private async Task<RestoreWay> WayAsync(IReadOnlyList<Deployment> successful, Deployment wanted, CancellationToken cancellationToken)
    {
        var plan = await _reader.PlanAsync(successful[0].BundleHash, cancellationToken);
        if (plan?.RollbackWindow is not { } window)
        {
            return RestoreWay.Checked;
        }

        var back = successful.Select(d => d.Version).Distinct().ToList().IndexOf(wanted.Version);
        var successor = successful.TakeWhile(d => d.Id != wanted.Id).Last();
        var served = time.GetUtcNow() - (successor.PromotedAt ?? successor.CompletedAt ?? successor.StartedAt);
        return window.Holds(back, served) ? RestoreWay.Fast : RestoreWay.Steps;
    }

    /// <summary>A rollout as people look at it, or null.</summary>
    public Task<RolloutView?> GetAsync(string id, CancellationToken cancellationToken) => _reader.GetAsync(id, cancellationToken);

    /// <summary>Why a rollout went as it did: the numbers behind each verdict, in words; null when there is no such rollout.</summary>
    public Task<Explanation?> ExplainAsync(string id, CancellationToken cancellationToken) => _reader.ExplainAsync(id, cancellationToken);

    /// <summary>Rollouts that match, newest first; without their steps and soaks, which <see cref="GetAsync"/> gives.</summary>
    public Task<Page<RolloutView>> ListAsync(RolloutQuery query, CancellationToken cancellationToken) => _reader.ListAsync(query, cancellationToken);

    /// <summary>An environment now: what is stable, who holds it, the weights; null when nothing was ever deployed there.</summary>
    public Task<EnvironmentView?> GetEnvironmentAsync(string service, string environment, CancellationToken cancellationToken) =>
        _reader.GetEnvironmentAsync(service, environment, cancellationToken);

    private static bool MayDeploy(Caller caller) => caller.Role is Role.Deployer or Role.Admin;

    private async Task<StartResult> StartAsync(
        RolloutRecord record, Plan plan, Caller caller, IReadOnlyList<PlanFault> warnings, CancellationToken cancellationToken)
    {
        if (RefuseFrozen(record, plan, caller) is { } frozen)
        {
            return frozen;
        }

        if (plan.Concurrency == Concurrency.Refuse && await BusyAsync(plan, cancellationToken) is { } busy)
        {
            return busy;
        }

        var stored = await registry.AddRolloutAsync(record, cancellationToken);
        if (stored.RequestHash != record.RequestHash)
        {
            return new StartResult.KeyReused(stored.Id);
        }

        // A crash between row and instance is healed by the next start with this key, as the id is the same, and when the server is back.
        await EnsureScheduledAsync(stored, plan, cancellationToken);
        return new StartResult.Started(stored, warnings);
    }

    /// <summary>Begins a rollout that was written down but never begun: the server ended in between. Called by hosts at their start.</summary>
    /// <returns>Whether it was begun now.</returns>
    public async Task<bool> TakeUpAsync(RolloutRecord record, CancellationToken cancellationToken)
    {
        if (record.Status is not null
            || await client.GetInstanceAsync(record.Id, cancellationToken: cancellationToken) is not null
            || await registry.GetBundleAsync(record.BundleHash, cancellationToken) is not { } bundle
            || PlanCompiler.Compile(bundle).Plan is not { } plan)
        {
            return false;
        }

        await EnsureScheduledAsync(record, record.Emergency is null ? plan : EmergencyPlan.From(plan), cancellationToken);
        return true;
    }

    private async Task<RolloutRecord> EnsureScheduledAsync(RolloutRecord record, Plan plan, CancellationToken cancellationToken)
    {
        if (record.Status is null)
        {
            var input = new RolloutInput(
                record.Id, record.BundleHash, Small(plan), record.Release, RolloutIds.Revision(record.Release.Version, record.Id), record.TriggeredBy)
            {
                RetryOf = record.RetryOf,
                Emergency = record.Emergency,
                FreezeOverride = record.FreezeOverride,
            };
            await ScheduleAsync(input, cancellationToken);
        }

        return record;
    }

    private async Task ScheduleAsync(RolloutInput input, CancellationToken cancellationToken)
    {
        using var span = RolloutTrace.BeginStart(Orchestrations.Rollout.Name, input.RolloutId);
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(
                Orchestrations.Rollout, input, new StartOptions { InstanceId = input.RolloutId }, cancellationToken);
        }
        catch (InstanceExistsException)
        {
            // Somebody with the same key was faster: it runs, once.
        }
    }

    private static Plan? Small(Plan plan) => DurableJson.Write(plan)!.Length <= RolloutInput.MaxPlanCharacters ? plan : null;

    private async Task<StartResult.Busy?> BusyAsync(Plan plan, CancellationToken cancellationToken)
    {
        foreach (var name in RollbackReach.LockOrder(plan))
        {
            if (await coordination.GetLockAsync(plan.Service, name, cancellationToken) is { Owner: { } owner })
            {
                return new StartResult.Busy(name, owner);
            }
        }

        return null;
    }

    // The id holds the version, so the same key with another release has another id: its end tells.
    private async Task<RolloutRecord?> FindBySuffixAsync(string suffix, CancellationToken cancellationToken)
    {
        var oldest = time.GetUtcNow() - KeyLifetime;
        string? cursor = null;
        do
        {
            var page = await registry.ListRolloutsAsync(new RolloutQuery(Limit: 200, Cursor: cursor), cancellationToken);
            if (page.Items.FirstOrDefault(r => r.Id.EndsWith("." + suffix, StringComparison.Ordinal)) is { } found)
            {
                return found;
            }

            cursor = page.Items.Count > 0 && page.Items[^1].CreatedAt < oldest ? null : page.Cursor;
        }
        while (cursor is not null);

        return null;
    }

    private async Task<string?> TellRunningAsync(RollbackRequest request, CancellationToken cancellationToken)
    {
        if (await coordination.GetLockAsync(request.Service, request.Environment, cancellationToken) is not { Owner: { } owner })
        {
            return null;
        }

        var answer = await CommandAsync(
            new CommandRequest(owner, CommandKind.Rollback, request.Caller, request.Reason, null, null), cancellationToken);
        return answer is CommandResult.Accepted ? owner : null;
    }

    private async Task<Deployment?> BarrierAsync(Deployment wanted, CancellationToken cancellationToken)
    {
        string? cursor = null;
        do
        {
            var page = await registry.ListDeploymentsAsync(
                new DeploymentQuery(wanted.Service, wanted.Environment, From: wanted.StartedAt, Limit: 200, Cursor: cursor), cancellationToken);
            if (page.Items.FirstOrDefault(d =>
                d.Id != wanted.Id && d.StartedAt > wanted.StartedAt && d.Metadata.ContainsKey(MigrateStep.BarrierKey)) is { } barrier)
            {
                return barrier;
            }

            cursor = page.Cursor;
        }
        while (cursor is not null);

        return null;
    }

    private async Task<RollbackResult> RestoreAsync(RollbackRequest request, Deployment wanted, RestoreWay way, CancellationToken cancellationToken)
    {
        var plan = RestorePlan.From(await registry.GetPlanAsync(wanted.BundleHash, cancellationToken), request.Environment, way);
        var artifact = (await registry.GetRolloutAsync(wanted.RolloutId, cancellationToken))?.Release.Artifact;
        var release = new Release(wanted.Version, wanted.CommitSha, artifact);
        var suffix = RandomSuffix();
        var record = await registry.AddRolloutAsync(
            new RolloutRecord(
                RolloutIds.Instance(request.Service, request.Environment, wanted.Version, suffix),
                request.Service, request.Environment, release, wanted.BundleHash, Sha256(wanted.Id + suffix), request.Caller.Name, time.GetUtcNow()),
            cancellationToken);
        await ScheduleAsync(
            new RolloutInput(record.Id, record.BundleHash, Small(plan), release, wanted.Revision, request.Caller.Name)
            {
                Kind = RolloutKind.Restore,
                RestoreEnvironment = request.Environment,
                RestoreWay = way,
                Reason = $"{request.Caller.Name} went back to {wanted.Version}" + (request.Reason is null ? "" : $": {request.Reason}"),
            },
            cancellationToken);
        return new RollbackResult.Started(record);
    }

    private static string RandomSuffix() => RandomNumberGenerator.GetHexString(8, lowercase: true);

    private static string Sha256(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
