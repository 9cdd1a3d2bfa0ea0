using Microsoft.Data.Sqlite;
using Sluice.Durable;
using Sluice.Engine.Store;
using Sluice.Engine.VirtualTime;
using Sluice.Testing;

namespace Sluice.Engine.Tests.Simulation;

/// <summary>How a run is disturbed: at which of the file's uses, counted over all its processes, it crashes or the disk fails.</summary>
internal sealed class Disturbance(Func<long, StoreCall, Fault> at)
{
    private long _calls;
    private bool _quiet;

    /// <summary>Uses of the file so far.</summary>
    public long Calls => _calls;

    /// <summary>Crashes and failures so far.</summary>
    public int Count { get; private set; }

    /// <summary>None.</summary>
    public static Disturbance None() => new((_, _) => Fault.None);

    /// <summary>Only counts and does nothing more: what follows looks at the result.</summary>
    public void End() => _quiet = true;

    public void Called(StoreCall call)
    {
        if (_quiet)
        {
            return;
        }

        switch (at(++_calls, call))
        {
            case Fault.Crash:
                Count++;
                throw new SimulatedCrashException();
            case Fault.Failure:
                Count++;
                throw new SqliteException("disk I/O error", 10);
        }
    }
}

internal enum Fault
{
    None,
    Crash,
    Failure,
}

/// <summary>
/// Workflows drawn from a seed, with people who start, wake, suspend and end them, on one thread in an order drawn from the same seed:
/// a run can be repeated exactly. What comes out does not depend on the order, nor on crashes.
/// </summary>
internal sealed class SeededRun
{
    private const int Roots = 2;

    // A process that ends leaves its files whole, also in memory; what a disk keeps is tested with real ones.
    private static readonly string? Memory = Directory.Exists("/dev/shm") ? "/dev/shm" : null;

    private readonly int _seed;
    private readonly Disturbance _disturbance;
    private readonly Dictionary<string, int> _attempts = [];
    private readonly ManualTimeProvider _clock = new();

    private SeededRun(int seed, Disturbance disturbance)
    {
        _seed = seed;
        _disturbance = disturbance;
    }

    /// <summary>Runs to the end and tells how everything ended: instances, effects, and that nothing is left over.</summary>
    public static Task<string> Async(int seed, Disturbance disturbance) => new SeededRun(seed, disturbance).RunAsync();

    private async Task<string> RunAsync()
    {
        var random = new Random(_seed);
        var works = Enumerable.Range(0, Roots).Select(i => (Id: $"r{i}", Work: new Work(RandomWorkflow.Draw(random, $"s{i}")))).ToList();
        await using var engine = await StartAsync(random);
        var demands = works.SelectMany(w => RandomWorkflow.Demands(w.Id, w.Work)).ToList();
        foreach (var (id, work) in works)
        {
            await InsistAsync(engine, client => StartOnceAsync(client, id, work));
        }

        for (var minute = 0; !await AllEndedAsync(engine, works.Select(w => w.Id)); minute++)
        {
            if (minute > 500)
            {
                throw new TimeoutException($"Seed {_seed} has not ended after {minute} minutes.");
            }

            var sleeper = random.Next(4) == 0 ? works[random.Next(Roots)].Id : null;
            if (sleeper is not null)
            {
                await InsistAsync(engine, client => client.SuspendInstanceAsync(sleeper, "a break"));
            }

            foreach (var demand in demands.ToList())
            {
                if (await InsistAsync(engine, client => MeetAsync(client, demand.Instance, demand.Event)))
                {
                    demands.Remove(demand);
                }
            }

            await engine.AdvanceAsync(TimeSpan.FromMinutes(1));
            if (sleeper is not null)
            {
                await InsistAsync(engine, client => client.ResumeInstanceAsync(sleeper));
            }
        }

        _disturbance.End();
        await engine.SettleAsync();
        return await DescribeAsync(engine);
    }

    private async Task<VirtualEngine> StartAsync(Random random)
    {
        var tasks = new DurableTasks()
            .AddOrchestrator(Workflow.Ref, _ => new Workflow())
            .Activity<Step, string>("act", ActAsync);
        var engine = await VirtualEngine.StartAsync(tasks, options: new VirtualEngineOptions
        {
            Clock = _clock,
            Seed = _seed,
            MaxCachedInstances = random.Next(3) * 2,
            MaxConcurrentActivities = random.Next(1, 5),
            RestartsWhenFatal = true,
            Folder = Memory,
        });
        engine.OnStoreCall = _disturbance.Called;
        return engine;
    }

    private async Task<string> ActAsync(Step step, CancellationToken cancellationToken)
    {
        var attempt = _attempts[step.Key] = _attempts.GetValueOrDefault(step.Key) + 1;
        if (step.Kind == StepKind.SlowActivity)
        {
            await Task.Delay(TimeSpan.FromSeconds(15 * step.Number), _clock, cancellationToken);
        }

        return step.Kind == StepKind.FailingActivity || (step.Kind == StepKind.FlakyActivity && attempt <= step.Number)
            ? throw new InvalidOperationException("Refused: as ever")
            : "a";
    }

    private static async Task<bool> StartOnceAsync(EngineClient client, string id, Work work)
    {
        if (await client.GetInstanceAsync(id) is null)
        {
            await client.ScheduleNewOrchestrationInstanceAsync(Workflow.Ref, work, new StartOptions { InstanceId = id });
        }

        return true;
    }

    /// <summary>Raises an event or terminates, once there is somebody to take it.</summary>
    private static async Task<bool> MeetAsync(EngineClient client, string instance, string? raised)
    {
        try
        {
            await (raised is null ? client.TerminateInstanceAsync(instance, "doomed") : client.RaiseEventAsync(instance, raised, "e"));
            return true;
        }
        catch (InstanceNotFoundException)
        {
            return false;
        }
        catch (InstanceStateException)
        {
            return true;
        }
    }

    private static async Task<bool> AllEndedAsync(VirtualEngine engine, IEnumerable<string> ids)
    {
        foreach (var id in ids)
        {
            if (!await InsistAsync(engine, async client => (await client.GetInstanceAsync(id))!.IsTerminal))
            {
                return false;
            }
        }

        return true;
    }

    private static Task InsistAsync(VirtualEngine engine, Func<EngineClient, Task> action) => InsistAsync(engine, async client =>
    {
        try
        {
            await action(client);
        }
        catch (InstanceStateException)
        {
            // It has ended by now.
        }

        return true;
    });

    /// <summary>Asks again and again until the answer comes, as a client would whose server is restarted.</summary>
    private static async Task<T> InsistAsync<T>(VirtualEngine engine, Func<EngineClient, Task<T>> action)
    {
        while (true)
        {
            var answer = default(T)!;
            var asking = engine.Thread.RunAsync(async () => answer = await action(engine.Client));
            await engine.SettleAsync();
            try
            {
                await asking;
                return answer;
            }
            catch (Exception e) when (e is ObjectDisposedException or EngineStoreException or SimulatedCrashException)
            {
                await engine.SettleAsync();
            }
        }
    }

    /// <summary>Every instance with its end, every effect, what is left in the file, and what its check says.</summary>
    private async Task<string> DescribeAsync(VirtualEngine engine)
    {
        var lines = new List<string>();
        foreach (var instance in (await engine.Client.GetAllInstancesAsync(new InstanceQuery { PageSize = 1000, FetchInputsAndOutputs = true })).Instances)
        {
            lines.Add($"{instance.InstanceId}: {instance.RuntimeStatus} {instance.SerializedOutput} {instance.SerializedCustomStatus}");
            var history = await engine.Client.GetOrchestrationHistoryAsync(instance.InstanceId);
            var asked = history.Where(e => e.EventType is "TaskScheduled" or "SubOrchestrationInstanceCreated").Select(e => e.EventId).Order();
            var answered = history.Where(e => e.TaskScheduledId is not null && e.EventType != "TimerFired").Select(e => e.TaskScheduledId!.Value).Order();
            if (instance.RuntimeStatus != RuntimeStatus.Terminated && !asked.SequenceEqual(answered))
            {
                lines.Add($"{instance.InstanceId} asked {string.Join(' ', asked)} and was answered {string.Join(' ', answered)}");
            }
        }

        lines.AddRange(_attempts.Keys.Select(k => "acted " + k));
        lines.Sort(StringComparer.Ordinal);
        using var connection = new SqliteConnection($"Data Source={engine.Path};Mode=ReadOnly;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT (SELECT count(*) FROM inbox), (SELECT count(*) FROM activities), (SELECT count(*) FROM timers), integrity_check FROM pragma_integrity_check";
        using var reader = command.ExecuteReader();
        reader.Read();
        lines.Add($"left over: {reader.GetInt64(0)} messages, {reader.GetInt64(1)} activities, {reader.GetInt64(2)} timers; check: {reader.GetString(3)}");
        return string.Join('\n', lines);
    }
}
