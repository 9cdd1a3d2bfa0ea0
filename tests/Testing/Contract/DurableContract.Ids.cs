using Sluice.Durable;
using Xunit;

namespace Sluice.Testing.Contract;

/// <summary>Ids and who may have one again.</summary>
public abstract partial class DurableContract
{
    private static readonly string[] BadIds = ["", "@entity", "a/b", "a\\b", "a#b", "a?b", "a\nb", new('x', 257)];

    [Fact]
    public async Task Ids_that_some_host_cannot_carry_are_refused()
    {
        await using var host = await StartAsync(Echo());

        foreach (var id in BadIds)
        {
            await Assert.ThrowsAsync<ArgumentException>(() =>
                host.Client.ScheduleNewOrchestrationInstanceAsync("echo", 1, new StartOptions { InstanceId = id }));
        }

        await Assert.ThrowsAsync<ArgumentException>(() => host.Client.ScheduleNewOrchestrationInstanceAsync("nobody", 1));
        Assert.Empty((await host.Client.GetAllInstancesAsync(new InstanceQuery())).Instances);
    }

    [Fact]
    public async Task An_id_that_exists_is_refused_in_any_state()
    {
        await using var host = await StartAsync(Echo());
        var waiting = await host.Client.ScheduleNewOrchestrationInstanceAsync("wait", 1, new StartOptions { InstanceId = "waiting" });
        var ended = (await host.RunAsync("echo", 2, new StartOptions { InstanceId = "ended" })).InstanceId;

        foreach (var id in new[] { waiting, ended })
        {
            await Assert.ThrowsAsync<InstanceExistsException>(() =>
                host.Client.ScheduleNewOrchestrationInstanceAsync("echo", 3, new StartOptions { InstanceId = id }));
        }

        Assert.Equal(2, (await host.Client.GetInstanceAsync(ended, getInputsAndOutputs: true))!.ReadOutputAs<int>());
    }

    [Fact]
    public async Task An_id_is_given_again_only_where_the_caller_says_so()
    {
        await using var host = await StartAsync(Echo());
        await host.RunAsync("echo", 1, new StartOptions { InstanceId = "completed" });
        await host.RunAsync("fail", 1, new StartOptions { InstanceId = "failed" });
        var onlyFailed = new StartOptions { ReplaceStatuses = [RuntimeStatus.Failed] };

        await Assert.ThrowsAsync<InstanceExistsException>(() =>
            host.Client.ScheduleNewOrchestrationInstanceAsync("echo", 2, onlyFailed with { InstanceId = "completed" }));
        var again = await host.RunAsync("echo", 2, onlyFailed with { InstanceId = "failed" });
        var ended = await host.RunAsync("echo", 3, new StartOptions { InstanceId = "completed", ReplaceEnded = true });

        Assert.Equal((RuntimeStatus.Completed, 2), (again.RuntimeStatus, again.ReadOutputAs<int>()));
        Assert.Equal(3, ended.ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_living_instance_is_replaced_only_where_the_caller_names_its_state()
    {
        await using var host = await StartAsync(Echo());
        var id = await host.Client.ScheduleNewOrchestrationInstanceAsync("wait", 1, new StartOptions { InstanceId = "living" });
        await host.UntilAsync(id, i => i.RuntimeStatus == RuntimeStatus.Running);

        await Assert.ThrowsAsync<InstanceExistsException>(() =>
            host.Client.ScheduleNewOrchestrationInstanceAsync("echo", 2, new StartOptions { InstanceId = id, ReplaceEnded = true }));
        var replaced = await host.RunAsync("echo", 2, new StartOptions { InstanceId = id, ReplaceStatuses = [RuntimeStatus.Running] });

        Assert.Equal(("echo", 2), (replaced.Name, replaced.ReadOutputAs<int>()));
    }

    [Fact]
    public async Task A_child_without_an_id_gets_the_next_id_of_its_parent()
    {
        await using var host = await StartAsync(new DurableTasks()
            .Orchestrator<int, string>("child", (context, _) => Task.FromResult(context.InstanceId))
            .Orchestrator<int, string>("main", async (context, _) =>
            {
                var (before, child, after) = (context.NewGuid(), context.CallSubOrchestratorAsync<string>("child", 0), context.NewGuid());
                return $"{await child} {before:N} {after:N}";
            }));

        var ids = (await host.RunAsync("main", 0)).ReadOutputAs<string>()!.Split(' ');

        Assert.Equal(3, ids.Distinct().Count());
        Assert.All(ids, id => Assert.Equal(5, Guid.ParseExact(id, "N").Version));
    }

    [Fact]
    public async Task A_childs_id_obeys_the_same_rules()
    {
        await using var host = await StartAsync(Echo().Orchestrator<string, string>("main", async (context, id) =>
        {
            try
            {
                await context.CallSubOrchestratorAsync<int>("echo", 0, new SubOrchestrationOptions { InstanceId = id });
                return "unreached";
            }
            catch (ArgumentException)
            {
                return "refused";
            }
        }));

        Assert.Equal("refused", (await host.RunAsync("main", "@entity@key")).ReadOutputAs<string>());
    }
}
