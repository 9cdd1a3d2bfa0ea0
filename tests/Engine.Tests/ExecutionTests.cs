using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Durable;
using Sluice.Engine.History;
using Sluice.Engine.Kernel;
using Sluice.Testing;

namespace Sluice.Engine.Tests;

/// <summary>The kernel alone: events in, decisions out.</summary>
public sealed class ExecutionTests
{
    private static readonly DateTime Noon = new(2027, 1, 2, 12, 0, 0, DateTimeKind.Utc);

    private static readonly ExecutionStarted Start = new(Noon, "main", "0", "", null, null);

    [Fact]
    public void One_counter_numbers_everything_in_the_order_of_the_code()
    {
        var turn = Execution(async context =>
        {
            var activity = context.CallActivityAsync<int>("a", 0);
            var timer = context.CreateTimer(TimeSpan.FromHours(1));
            context.SendEvent("other", "e", null);
            var child = context.CallSubOrchestratorAsync<int>("c", 0);
            await Task.WhenAll(activity, timer, child);
            return 0;
        }).Run([Start], Noon);

        Assert.Equal(
            ["TaskScheduled 0", "TimerCreated 1", "EventSent 2", "SubOrchestrationInstanceCreated 3"],
            turn.Decisions.Select(d => $"{d.GetType().Name} {d.EventId}"));
    }

    [Fact]
    public void The_end_has_the_next_number()
    {
        var turn = Execution(context =>
        {
            context.SendEvent("other", "e", null);
            return Task.FromResult(7);
        }).Run([Start], Noon);

        Assert.Equal(new ExecutionCompleted(Noon, 1, "7"), turn.Decisions[^1]);
    }

    [Fact]
    public void What_comes_twice_or_answers_nothing_is_passed_over()
    {
        var execution = Execution(async context =>
        {
            using var enough = new CancellationTokenSource();
            _ = context.CreateTimer(TimeSpan.FromHours(1), enough.Token);
            var first = await context.CallActivityAsync<int>("a", 0);
            enough.Cancel();
            return first + await context.CallActivityAsync<int>("a", 1);
        });
        execution.Run([Start], Noon);

        var turn = execution.Run(
            [
                Start,
                new TaskCompleted(Noon, 1, "5"),
                new TaskCompleted(Noon, 1, "50"),
                new TaskFailed(Noon, 1, new TaskFailure("X", "late")),
                new TimerFired(Noon, 0, Noon),
                new TaskCompleted(Noon, 99, "500"),
                new GenericEvent(Noon, "?"),
                new HistoryState(Noon),
            ],
            Noon);
        var end = execution.Run([new TaskCompleted(Noon, 2, "6")], Noon);

        Assert.Equal([0], turn.CancelledTimers);
        Assert.IsType<TaskScheduled>(Assert.Single(turn.Decisions));
        Assert.Equal(new ExecutionCompleted(Noon, 3, "11"), Assert.Single(end.Decisions));
    }

    [Fact]
    public void A_long_timer_is_a_chain_where_the_store_has_a_limit()
    {
        var execution = Execution(
            async context =>
            {
                await context.CreateTimer(TimeSpan.FromDays(7));
                return 0;
            },
            new KernelOptions { MaximumTimerInterval = TimeSpan.FromDays(3) });
        var due = new List<DateTime>();
        var turn = execution.Run([Start], Noon);
        while (turn.Decisions[^1] is TimerCreated timer)
        {
            due.Add(timer.FireAt);
            turn = execution.Run([new TimerFired(timer.FireAt, timer.EventId, timer.FireAt)], timer.FireAt);
        }

        Assert.Equal([Noon.AddDays(3), Noon.AddDays(6), Noon.AddDays(7)], due);
        Assert.IsType<ExecutionCompleted>(turn.Decisions[^1]);
    }

    [Theory]
    [InlineData(5, "")]
    [InlineData(6, "TooManyActions: Maximum amount of orchestration actions (5) has been reached.")]
    public void A_run_decides_no_more_than_it_may(int actions, string failure)
    {
        var turn = Execution(
            context =>
            {
                for (var i = 0; i < actions; i++)
                {
                    context.SendEvent("other", "e", i);
                }

                return Task.FromResult(0);
            },
            new KernelOptions { MaxOrchestrationActions = 5 }).Run([Start], Noon);

        Assert.Equal(5, turn.Decisions.Count(d => d is EventSent));
        Assert.StartsWith(failure, (turn.Decisions[^1] as ExecutionFailed)?.Failure.ErrorMessage ?? "", StringComparison.Ordinal);
        Assert.Equal(failure.Length > 0, turn.Decisions[^1] is ExecutionFailed);
    }

    [Fact]
    public void The_default_limit_is_the_documented_one() => Assert.Equal(100_000, new EngineOptions { Path = "x" }.ToKernelOptions().MaxOrchestrationActions);

    [Fact]
    public void A_child_without_a_version_has_the_hosts_default_if_there_is_one_and_else_its_parents()
    {
        Func<DurableContext, Task<int>> code = async context =>
        {
            _ = context.CallSubOrchestratorAsync<int>("c", 0, new SubOrchestrationOptions { Version = "3.0" });
            return await context.CallSubOrchestratorAsync<int>("c", 0);
        };
        var start = Start with { Version = "1.0" };

        var own = Execution(code).Run([start], Noon).Decisions.Cast<SubOrchestrationInstanceCreated>().Select(c => c.Version);
        var hosts = Execution(code, new KernelOptions { DefaultVersion = "2.0" }).Run([start], Noon).Decisions
            .Cast<SubOrchestrationInstanceCreated>().Select(c => c.Version);

        Assert.Equal(["3.0", "1.0"], own);
        Assert.Equal(["3.0", "2.0"], hosts);
    }

    [Fact]
    public void Another_default_version_of_the_host_is_no_change_of_the_code()
    {
        Func<DurableContext, Task<int>> code = context => context.CallSubOrchestratorAsync<int>("c", 0, new SubOrchestrationOptions { InstanceId = "x" });
        var decision = Execution(code, new KernelOptions { DefaultVersion = "1.0" }).Run([Start], Noon).Decisions[0];

        foreach (var options in new[] { new KernelOptions { DefaultVersion = "2.0" }, KernelOptions.Default })
        {
            Execution(code, options).Replay([new OrchestratorStarted(Noon), Start, decision, new OrchestratorCompleted(Noon)]);
        }
    }

    [Fact]
    public void A_child_without_an_id_gets_the_uuid_of_its_place_in_the_code()
    {
        var turn = Execution(async context =>
        {
            context.NewGuid();
            return await context.CallSubOrchestratorAsync<int>("c", 0);
        }).Run([Start], Noon);

        Assert.Equal(DeterministicGuid.Create("i", Noon, 1).ToString("N"), ((SubOrchestrationInstanceCreated)turn.Decisions[0]).InstanceId);
    }

    [Fact]
    public void Ten_thousand_early_events_are_taken_in_order_of_arrival()
    {
        var execution = Execution(async context =>
        {
            var sum = 0;
            await context.WaitForExternalEvent<int>("go");
            for (var i = 0; i < 10_000; i++)
            {
                sum += await context.WaitForExternalEvent<int>("number") == i ? 1 : 0;
            }

            return sum;
        });
        var events = Enumerable.Range(0, 10_000).Select(i => new EventRaised(Noon, i % 2 == 0 ? "number" : "NUMBER", $"{i}"));

        var turn = execution.Run([Start, .. events, new EventRaised(Noon, "go", "0")], Noon);

        Assert.Equal("10000", Assert.IsType<ExecutionCompleted>(turn.Decisions[^1]).Result);
    }

    [Theory]
    [InlineData(true, 3)]
    [InlineData(false, 1)]
    public void What_comes_after_the_code_asked_for_the_next_run_is_carried_in_any_case(bool preserve, int carried)
    {
        var execution = Execution(context =>
        {
            _ = context.CallActivityAsync<int>("a", 0);
            context.ContinueAsNew(1, preserve);
            return Task.FromResult(0);
        });
        var early = Execution(async context =>
        {
            await context.CallActivityAsync<int>("a", 0);
            context.ContinueAsNew(1, preserve);
            _ = context.CallActivityAsync<int>("b", 0);
            return 0;
        });

        execution.Run([Start], Noon);
        var late = execution.Run([new EventRaised(Noon, "e", "1"), new TaskCompleted(Noon, 0, "0")], Noon);
        early.Run([Start, new EventRaised(Noon, "e", "1"), new EventRaised(Noon, "f", "2")], Noon);
        early.Run([new TaskCompleted(Noon, 0, "0"), new EventRaised(Noon, "e", "3")], Noon);
        var both = early.Run([new TaskCompleted(Noon, 1, "0")], Noon);

        Assert.Single(((ContinuedAsNew)late.Decisions[^1]).Carried);
        Assert.Equal(Enumerable.Range(1, 3).TakeLast(carried).Select(n => $"{n}"), ((ContinuedAsNew)both.Decisions[^1]).Carried.Select(e => e.Input));
    }

    [Fact]
    public void A_timer_is_set_in_utc()
    {
        var turn = Execution(async context =>
        {
            await Task.WhenAll(
                context.CreateTimer(DateTime.SpecifyKind(Noon, DateTimeKind.Unspecified).AddHours(1)),
                context.CreateTimer(Noon.AddHours(1).ToLocalTime()));
            return 0;
        }).Run([Start], Noon);

        Assert.All(turn.Decisions, d => Assert.Equal((Noon.AddHours(1), DateTimeKind.Utc), (((TimerCreated)d).FireAt, ((TimerCreated)d).FireAt.Kind)));
    }

    [Fact]
    public void A_policy_waits_an_hour_at_most_and_for_ever_unless_told_otherwise()
    {
        var policy = new RetryPolicy(10, TimeSpan.FromMinutes(1), backoffCoefficient: 2);

        Assert.Equal(TimeSpan.FromMinutes(32), policy.NextDelay(6, TimeSpan.FromDays(365)));
        Assert.Equal(TimeSpan.FromHours(1), policy.NextDelay(7, TimeSpan.Zero));
        Assert.Null(policy.NextDelay(10, TimeSpan.Zero));
        Assert.Equal(1.0, new RetryPolicy(1, TimeSpan.FromSeconds(1)).BackoffCoefficient);
        Assert.Throws<ArgumentOutOfRangeException>(() => new RetryPolicy(0, TimeSpan.FromSeconds(1)));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RetryPolicy(1, TimeSpan.Zero));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RetryPolicy(1, TimeSpan.FromSeconds(1), backoffCoefficient: 0.9));
        Assert.Throws<ArgumentOutOfRangeException>(() => new RetryPolicy(1, TimeSpan.FromSeconds(1), backoffCoefficient: double.NaN));
    }

    private static OrchestrationExecution Execution(Func<DurableContext, Task<int>> code, KernelOptions? options = null)
    {
        var tasks = new DurableTasks().Orchestrator<int, int>("main", (context, _) => code(context));
        return new OrchestrationExecution("i", tasks.FindOrchestrator("main")!(null!), options ?? KernelOptions.Default, NullLoggerFactory.Instance, () => { });
    }
}
