using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Sluice.Cli.CommandLine;
using Sluice.Domain.Plans;
using Sluice.Domain.Rollouts;
using Sluice.Domain.Scenarios;
using Sluice.Durable;
using Sluice.Engine.VirtualTime;
using Sluice.Orchestration;
using Sluice.Orchestration.Explanations;
using Sluice.Orchestration.Ports;
using Sluice.Orchestration.Soaks;
using Sluice.Platforms.Simulated;
using Sluice.Registry.Memory;

namespace Sluice.Cli.Simulate;

/// <summary>One rollout in a scenario: the product's own orchestrations on its own engine, in virtual time and an imaginary world.</summary>
internal sealed class SimulatedRun : IAsyncDisposable
{
    private static readonly Caller Starter = new("simulate", Role.Admin, []);

    private readonly Scenario _scenario;
    private readonly ManualTimeProvider _clock;
    private readonly SimulatedWorld _world;
    private readonly MemoryRegistry _registry = new();
    private readonly ServiceProvider _services;
    private readonly List<SimulatedDecision> _happened = [];
    private VirtualEngine? _started;

    private SimulatedRun(Plan plan, Scenario scenario)
    {
        _scenario = scenario;
        _clock = new ManualTimeProvider(scenario.Start);
        _world = new SimulatedWorld(_clock) { Users = new ScenarioUsers(scenario).Draw };
        var client = new LateClient { Present = () => Engine.Client };
        foreach (var variable in plan.Environments.SelectMany(e => e.Variables))
        {
            foreach (var name in new[] { variable.FromSecret, variable.FromVariable }.OfType<string>())
            {
                _world.Secrets[name] = SampleOf(variable);
            }
        }

        Behave(plan);
        _services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<TimeProvider>(_clock)
            .AddSingleton<DurableClient>(client)
            .AddSingleton<IPlatforms>(_world).AddSingleton<ISmokeRunner>(_world).AddSingleton<ILoadTest>(_world).AddSingleton<ISecretStore>(_world)
            .AddSingleton<IMigrator>(new SimulatedMigrator())
            .AddSingleton<ISyncs>(new SimulatedSyncs(_clock))
            .AddSingleton<IDeploymentRegistry>(_registry).AddSingleton<IEventLog>(_registry).AddSingleton<ICoordination>(_registry)
            .AddSingleton(new VariableSource(_world, _world.Secrets.GetValueOrDefault))
            .AddSluiceOrchestration()
            .BuildServiceProvider();
    }

    /// <summary>Runs it to its end, or to the scenario's.</summary>
    /// <param name="bundle">Plan and files, which compile.</param>
    /// <param name="plan">The same, compiled.</param>
    /// <param name="scenario">What happens around it.</param>
    /// <param name="explained">Whether each step's decision comes with its numbers in words.</param>
    public static async Task<SimulationReport> RunAsync(Bundle bundle, Plan plan, Scenario scenario, bool explained = true)
    {
        await using var run = new SimulatedRun(plan, scenario);
        return await run.RunAsync(bundle, explained);
    }

    public async ValueTask DisposeAsync()
    {
        if (_started is not null)
        {
            await _started.DisposeAsync();
        }

        await _services.DisposeAsync();
    }

    private async Task<SimulationReport> RunAsync(Bundle bundle, bool explained)
    {
        _started = await VirtualEngine.StartAsync(new DurableTasks().AddSluice(), _services, new VirtualEngineOptions
        {
            Clock = _clock,
            InMemory = true,
            KeepsHistories = _scenario.Crashes.Count > 0,
        });
        var points = new Queue<int>(_scenario.Crashes.Select(c => c.AfterActivity).OfType<int>().Order());
        Engine.CrashAfterActivity = points.TryDequeue(out var first) ? first : null;
        Engine.OnRestart = () =>
        {
            Happens("host", "the host dies and starts again");
            Engine.CrashAfterActivity ??= points.TryDequeue(out var next) ? next : null;
        };

        var started = await Rollouts.StartAsync(new StartRequest(bundle, new Release(_scenario.Release), "simulate", Starter), default);
        if (started is not StartResult.Started { Rollout.Id: var id })
        {
            throw new UsageException(started is StartResult.Invalid invalid
                ? string.Join(Environment.NewLine, invalid.Faults)
                : $"The rollout did not start: {started}");
        }

        foreach (var (at, act) in Timeline(id))
        {
            await Engine.AdvanceAsync(_scenario.Start + at - Engine.Now);
            if (await HasEndedAsync(id))
            {
                break;
            }

            await act();
        }

        return Report(id, (await _registry.GetRolloutAsync(id, default))!.Status, explained ? await Rollouts.ExplainAsync(id, default) : null);
    }

    private VirtualEngine Engine => _started ?? throw new InvalidOperationException("The engine has not started.");

    private RolloutService Rollouts => _services.GetRequiredService<RolloutService>();

    /// <summary>What happens by time; the scenario's end is the last.</summary>
    private IEnumerable<(TimeSpan At, Func<Task> Act)> Timeline(string id)
    {
        var people = _scenario.People.Select(p => (p.At, Act: (Func<Task>)(() => SayAsync(id, p))));
        var crashes = _scenario.Crashes.Where(c => c.At is not null).Select(c => (At: c.At!.Value, Act: (Func<Task>)(() => Engine.RestartAsync())));
        var losses = _scenario.Faults.Where(f => f.Kind == FaultKind.LoseCounts).Select(f => (f.At, Act: (Func<Task>)(() =>
        {
            Happens("world", "the source of metrics loses its counts");
            return Engine.Thread.RunAsync(_world.LoseCounts);
        })));
        return people.Concat(crashes).Concat(losses).Where(a => a.At < _scenario.Until).OrderBy(a => a.At)
            .Append((_scenario.Until, () => Task.CompletedTask));
    }

    private async Task<bool> HasEndedAsync(string id) => (await Engine.Client.GetInstanceAsync(id))?.IsTerminal == true;

    private async Task SayAsync(string id, PersonSays says)
    {
        var kind = Enum.Parse<CommandKind>(says.Say, ignoreCase: true);
        var caller = new Caller(says.By, Role.Admin, says.Groups);
        var request = new CommandRequest(id, kind, caller, says.Reason, null, $"{says.At}-{says.Say}-{says.Item}-{says.By}")
        {
            Item = says.Item,
            Passed = says.Passed,
        };
        var result = await Rollouts.CommandAsync(request, default);
        Happens("person", $"{says.By} says {says.Say}{(says.Item is null ? "" : $" '{says.Item}'")}{(says.Passed ? "" : ": no")}" + result switch
        {
            CommandResult.Accepted => "",
            CommandResult.Conflict refused => $"; refused: {refused.Reason}",
            CommandResult.Forbidden refused => $"; refused: {refused.Reason}",
            CommandResult.Invalid refused => $"; refused: {refused.Reason}",
            _ => $"; refused: {result}",
        });
    }

    private void Happens(string what, string message) => _happened.Add(new SimulatedDecision(Engine.Now - _scenario.Start, what, null, message, []));

    private void Behave(Plan plan)
    {
        if (_scenario.Stable is { } stable)
        {
            _world.Versions[stable] = Behaviour(Arm.Stable, _scenario.StableProfile);
            foreach (var environment in plan.Environments)
            {
                _world.Seed(stable, environment.Name);
            }
        }

        // Users are where the plan ends; before that there are only our own checks.
        foreach (var environment in plan.Environments.Where(e => e.Name != plan.LastEnvironment))
        {
            _world.WithoutUsers.Add(environment.Name);
        }

        _world.Versions[_scenario.Release] = Behaviour(Arm.Canary, _scenario.CanaryProfile);
        _world.Before = BreakAsync;
        _registry.Before = (_, cancellationToken) => BreakAsync("registry", cancellationToken);
    }

    private Behaviour Behaviour(Arm arm, RevisionProfile profile)
    {
        var median = profile.Latency.At(TimeSpan.Zero);
        return new Behaviour
        {
            ReadyAfter = profile.ReadyAfter ?? TimeSpan.Zero,
            NeverReady = profile.ReadyAfter is null,
            Healthy = _ => !Broken(FaultKind.Crash, arm),
            SmokeFailures = _ => Broken(FaultKind.Smoke, arm) ? ["GET /: expected 200, got 500"] : [],
            Load = requests => new LoadReport(
                requests, (int)Math.Round(requests * profile.LoadErrorRate), median, Lognormal.At(1.645, median, profile.Spread), Lognormal.At(2.326, median, profile.Spread), 500),
        };
    }

    private bool Broken(FaultKind kind, Arm arm) => _scenario.Faults.Any(f => f.Kind == kind && f.Arm == arm && f.Covers(_clock.GetUtcNow() - _scenario.Start));

    private async Task BreakAsync(string call, CancellationToken cancellationToken)
    {
        var offset = _clock.GetUtcNow() - _scenario.Start;
        foreach (var fault in _scenario.Faults.Where(f => f.Call == call && f.Covers(offset)))
        {
            if (fault.Kind == FaultKind.Fail)
            {
                throw new PlatformException(PlatformError.Unreachable, $"{call} is refused, as the scenario says.");
            }

            await Task.Delay(fault.At + fault.For - offset, _clock, cancellationToken);
        }
    }

    private static string SampleOf(VariableSpec variable) => variable.Format switch
    {
        VariableFormat.Url => "https://simulated.invalid",
        VariableFormat.PostgresUrl => "postgres://simulated@simulated.invalid/simulated",
        VariableFormat.Integer => "1",
        VariableFormat.Boolean => "true",
        VariableFormat.Enum => variable.OneOf is [var one, ..] ? one : "",
        _ => "simulated-simulated-simulated",
    };

    private SimulationReport Report(string id, RolloutStatus? status, Explanation? explanation)
    {
        var decisions = _happened.Concat(_registry.Events
            .Where(e => e.RolloutId == id && e.Type != LegRecord.EventType)
            .Select(e => new SimulatedDecision(e.At - _scenario.Start, e.Type, e.Environment, e.Message, Evidence(e, explanation))
            {
                Weight = int.TryParse(e.Data.GetValueOrDefault("weight"), CultureInfo.InvariantCulture, out var weight) ? weight : null,
            }))
            .OrderBy(d => d.At)
            .ToList();
        var report = new SimulationReport(
            id, status?.Outcome, status?.Phase ?? Phase.Pending, status?.Message ?? "", decisions, _happened.Count(d => d.What == "host"), Engine.ActivitiesActed);
        return report with { Unmet = _scenario.Expect is { } expect ? Expecting.Check(expect, report) : [] };
    }

    private static IReadOnlyList<string> Evidence(DeploymentEvent item, Explanation? explanation) =>
        item.Type == "step.completed" && int.TryParse(item.Data.GetValueOrDefault("stepIndex"), CultureInfo.InvariantCulture, out var index)
        && explanation?.Steps.FirstOrDefault(s => s.Index == index) is { } step
            ? [.. step.Metrics.Select(m => $"{m.Metric}, {m.Result}: {m.Words}")]
            : [];
}
