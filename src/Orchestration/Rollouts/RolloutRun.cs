using System.Globalization;
using Sluice.Domain.Approvals;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Durable;
using Sluice.Orchestration.Activities;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Rollbacks;

namespace Sluice.Orchestration.Rollouts;

/// <summary>What the steps of one rollout share: its environments, its effects and how to undo them, its people and its journal.</summary>
internal sealed class RolloutRun
{
    /// <summary>In a deployment's metadata: why it was an emergency.</summary>
    public const string EmergencyKey = "emergency";

    private static readonly TimeSpan ShortestQueueLook = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestQueueLook = TimeSpan.FromMinutes(10);
    private const int MostPaths = 10;

    private readonly Dictionary<string, EnvironmentRun> _environments = new(StringComparer.Ordinal);
    private readonly List<string> _lines = [];
    private readonly List<Compensation> _stack = [];
    private readonly List<Task> _writes = [];
    private long _write;

    public RolloutRun(DurableContext context, RolloutInput input, Plan plan)
    {
        Context = context;
        Input = input;
        Plan = plan;
        Journal = new Journal(context, input, plan.Service, new RolloutStatus
        {
            Phase = Phase.Pending,
            Service = plan.Service,
            Version = input.Release.Version,
            StepCount = plan.Steps.Count,
            Emergency = input.Emergency,
        });
        Inbox = new Inbox(context, input, Journal);
        Freeze = new FreezeGate(this);
        StartedAt = context.CurrentUtcDateTime;
    }

    public DurableContext Context { get; }

    public RolloutInput Input { get; }

    public Plan Plan { get; }

    public Inbox Inbox { get; }

    public Journal Journal { get; }

    public FreezeGate Freeze { get; }

    public string Id => Input.RolloutId;

    /// <summary>UTC.</summary>
    public DateTime StartedAt { get; }

    /// <summary>The steps that have ended, in order.</summary>
    public List<FinishedStep> Finished { get; } = [];

    /// <summary>The step that runs.</summary>
    public int StepIndex { get; set; }

    /// <summary>Whether it has begun and not ended.</summary>
    public bool InStep { get; set; }

    /// <summary>An admin sent the rollout to 100 % at once: soaks and smaller weights are left out.</summary>
    public bool AtOnce { get; set; }

    /// <summary>Environments touched, in order.</summary>
    public IEnumerable<EnvironmentRun> Environments => _lines.Where(_environments.ContainsKey).Select(n => _environments[n]);

    /// <summary>Environments whose lock is held or waited for.</summary>
    public IReadOnlyList<string> Lines => _lines;

    /// <summary>How to undo what was done, oldest first.</summary>
    public IReadOnlyList<Compensation> Stack => _stack;

    /// <summary>What the last look said, a line for each metric: the evidence of an incident.</summary>
    public IReadOnlyList<string> LastEvidence { get; set; } = [];

    /// <summary>What is looked at after the release.</summary>
    public List<(EnvironmentRun Environment, Step.Watch Step)> Afterwards { get; } = [];

    /// <summary>What a rollback cannot undo, one line each.</summary>
    public List<string> Left { get; } = [];

    /// <summary>Writes that still run.</summary>
    public bool HasWritesInFlight => _writes.Exists(w => !w.IsCompleted);

    /// <summary>A write ended without saying whether it acted: it may still act until this moment.</summary>
    public DateTime? UncertainUntil { get; private set; }

    /// <summary>The number of the next write.</summary>
    public long NextWriteNumber => _write + 1;

    public DateTimeOffset Now => new(Context.CurrentUtcDateTime, TimeSpan.Zero);

    /// <summary>Whether the release was brought up in an environment.</summary>
    public bool HasDeployed(string environment) =>
        _stack.Exists(c => c is Compensation.StopRevision && c.Target.Environment.Name == environment);

    /// <summary>Asks the world something.</summary>
    public Task<TOut> ReadAsync<TIn, TOut>(ActivityRef<TIn, TOut> activity, TIn input) =>
        Inbox.UntilAsync(Context.CallActivityAsync(activity, input, Retries.Standard));

    /// <summary>Changes the world; no attempt begins once the way is back.</summary>
    public async Task<TOut> WriteAsync<TIn, TOut>(ActivityRef<TIn, TOut> activity, TIn input)
    {
        var write = Context.CallActivityAsync(activity, input, Retries.Until(() => Inbox.IsClosed));
        _writes.Add(write);
        try
        {
            return await Inbox.UntilAsync(write);
        }
        catch (TaskFailureException failure) when (Retries.MayHeal(failure.Failure))
        {
            UncertainUntil = Context.CurrentUtcDateTime + activity.Timeout;
            throw;
        }
    }

    /// <summary>Fence and key of the next effect: the same for each retry of it, another for the next.</summary>
    public (Fence Fence, string Key) NextWrite(EnvironmentRun environment)
    {
        var number = ++_write;
        return (new Fence(environment.LockNumber, number), $"{Id}#{number.ToString(CultureInfo.InvariantCulture)}");
    }

    /// <summary>Remembers how to undo what comes next, here and where the watchdog finds it.</summary>
    public async Task PushAsync(Compensation compensation)
    {
        _stack.Add(compensation);
        await WriteAsync(ActivityRefs.StoreStack, new StoreStackInput(Id, new StoredStack([.. _stack], NextWriteNumber)));
    }

    /// <summary>Moves traffic, and says so.</summary>
    public async Task MoveAsync(EnvironmentRun environment, int weight)
    {
        if (weight > environment.Weight)
        {
            await Freeze.ForwardAsync(environment.Name);
        }

        // The oldest one is enough: going back goes to where it was before the first move, not through every weight between.
        if (!_stack.Exists(c => c is Compensation.RestoreTraffic && c.Target.Environment.Name == environment.Name))
        {
            await PushAsync(new Compensation.RestoreTraffic(
                environment.Target, environment.LockNumber, environment.Before, environment.Stable));
        }

        Journal.Show(Journal.Status with { Weight = weight });
        await WarmAsync(environment);
        var (fence, key) = NextWrite(environment);
        var applied = await WriteAsync(
            ActivityRefs.SetTraffic, new TrafficChange(environment.Target, environment.At(weight), fence, key)
            {
                AtFullCapacity = Input.Kind == RolloutKind.Restore && weight == 100,
            });
        if (weight > environment.Weight)
        {
            environment.WarmFrom = Now;
        }

        environment.Weight = weight;
        if (weight == 100 && environment.Row.PromotedAt is null)
        {
            environment.Row = environment.Row with { PromotedAt = Now };
            Journal.Put(environment.Row);
        }

        Journal.Note(
            "traffic.moved", environment.Name, $"{environment.Revision} has {weight} % of the traffic of {environment.Name}",
            ("weight", weight.ToString(CultureInfo.InvariantCulture)), ("revision", environment.Revision));
        await Journal.ShowAsync(Journal.Status with { ActualWeight = applied.Of(environment.Revision) });
    }

    // The first user must not be the first request. A warming that fails says nothing of the release: its health and its users do.
    private async Task WarmAsync(EnvironmentRun environment)
    {
        var deploy = Plan.Steps.OfType<Step.Deploy>().FirstOrDefault(s => s.Environment == environment.Name);
        if (environment.Warmed || deploy is not { WarmingRequests: > 0 and var requests })
        {
            return;
        }

        environment.Warmed = true;
        var suites = Plan.Steps.OfType<Step.Smoke>().Where(s => s.Environment == environment.Name).SelectMany(s => s.Suite.Checks);
        var paths = suites.Where(c => c is { Method: "GET", Status: < 400 }).Select(c => c.Path).Distinct().Take(MostPaths).ToList();
        try
        {
            var report = await Inbox.UntilAsync(Context.CallActivityAsync(
                ActivityRefs.Warm, new WarmInput(environment.Target, environment.Revision, requests, paths)));
            Journal.Note("revision.warmed", environment.Name, $"{environment.Revision} answered {report.Answered} of {requests} requests of ours", ("revision", environment.Revision));
        }
        catch (TaskFailureException failure)
        {
            Journal.Note("warming.failed", environment.Name, $"{environment.Revision} gets its traffic cold: {failure.Failure.ErrorMessage}", ("revision", environment.Revision));
        }
    }

    /// <summary>The environment, in this rollout's hands: waits in line for it the first time.</summary>
    public async Task<EnvironmentRun> EnterAsync(string name)
    {
        if (_environments.TryGetValue(name, out var known))
        {
            return known;
        }

        var target = new EnvironmentTarget(Plan.Service, Plan.Environment(name));
        var row = new Deployment(
            RolloutIds.Deployment(Id, name), Id, Plan.Service, name, Input.Release.Version, Input.Release.Commit, Input.TriggeredBy, Now,
            DeploymentStatus.Pending)
        {
            Revision = Input.Revision,
            BundleHash = Input.BundleHash,
            Metadata = Input.Emergency is { } emergency ? new Dictionary<string, string> { [EmergencyKey] = emergency } : new Dictionary<string, string>(),
        };
        var state = await LockAsync(name, row);
        var facts = await ReadAsync(ActivityRefs.ReadEnvironment, new ReadEnvironmentInput(target, Input.Revision));
        row = row with { Status = DeploymentStatus.InProgress };
        var environment = new EnvironmentRun(target, Input.Revision, state.Number, facts, row);
        _environments.Add(name, environment);
        Journal.Put(row);
        Journal.Note(
            "deployment.started", name, $"{Input.Release.Version} begins in {name}" + (environment.IsFirst ? ", the first there" : ""),
            ("version", Input.Release.Version), ("revision", Input.Revision));
        return environment;
    }

    private async Task<LockState> LockAsync(string name, Deployment row)
    {
        var request = new LockRequest(Plan.Service, name, Id, Now, Plan.Concurrency != Concurrency.Refuse);
        _lines.Add(name);
        var told = new HashSet<string>(StringComparer.Ordinal);
        var patience = ShortestQueueLook;
        while (true)
        {
            var state = await ReadAsync(ActivityRefs.AcquireLock, request);
            if (state.Owner == Id)
            {
                return state;
            }

            if (!request.Queue)
            {
                throw new GoBackException(Outcome.Rejected, $"{name} is held by {state.Owner}, and the plan says not to wait");
            }

            string[] ahead = [.. state.Waiting.TakeWhile(w => w != Id).Prepend(state.Owner ?? "").Where(w => w.Length > 0)];
            if (Plan.Concurrency == Concurrency.Supersede && ahead.Any(told.Add))
            {
                await ReadAsync(ActivityRefs.Supersede, new SupersedeInput(Id, ahead, Input.TriggeredBy));
            }

            Journal.Put(row);
            await Journal.ShowAsync(Journal.Status with
            {
                Phase = Phase.Pending,
                Environment = name,
                QueuePosition = ahead.Length,
                Message = $"waits for {name}: {state.Owner} holds it" + (ahead.Length > 1 ? $", {ahead.Length - 1} more before this one" : ""),
            });
            await Inbox.SleepLightlyAsync(patience);
            patience = TimeSpan.FromTicks(Math.Min(patience.Ticks * 2, LongestQueueLook.Ticks));
        }
    }
}

/// <summary>How a step ended.</summary>
/// <param name="State">Passed or skipped: what went wrong leaves by exception.</param>
/// <param name="Message">What it found.</param>
internal sealed record StepEnd(StepState State, string Message)
{
    public static StepEnd Passed(string message) => new(StepState.Passed, message);

    public static StepEnd Skipped(string message) => new(StepState.Skipped, message);
}
