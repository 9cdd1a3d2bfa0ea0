using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Sluice.Durable;
using Sluice.Functions.Triggers;
using Sluice.Orchestration;

namespace Sluice.Functions.Tests;

/// <summary>What Functions sees of this app is what the product has.</summary>
public sealed class TriggerTests
{
    private static readonly DurableTasks Tasks = new DurableTasks().AddSluice();

    [Fact]
    public void Every_orchestrator_and_activity_has_its_function()
    {
        Assert.Equal(Tasks.OrchestratorNames.Order(), FunctionsWith<OrchestrationTriggerAttribute>().Select(f => f.Name).Order());
        Assert.Equal(Tasks.ActivityNames.Order(), FunctionsWith<ActivityTriggerAttribute>().Select(f => f.Name).Order());
    }

    [Fact]
    public void The_function_for_every_route_is_tried_last()
    {
        var last = FunctionsWith<HttpTriggerAttribute>().OrderBy(f => f.Name, StringComparer.OrdinalIgnoreCase).Last();

        Assert.Equal("{*path}", last.Trigger.Route);
    }

    private static IReadOnlyList<(string Name, T Trigger)> FunctionsWith<T>()
        where T : Attribute =>
    [
        .. from type in typeof(Orchestrators).Assembly.GetTypes()
           from method in type.GetMethods()
           let function = method.GetCustomAttribute<FunctionAttribute>()
           where function is not null
           from parameter in method.GetParameters()
           let trigger = parameter.GetCustomAttribute<T>()
           where trigger is not null
           select (function.Name, trigger),
    ];
}
