using System.Reflection;
using Microsoft.Azure.Functions.Worker;
using Sluice.Functions.Triggers;

namespace Sluice.Functions.Tests;

/// <summary>How the host picks a function; that each has its own is compared in Architecture.Tests, which needs no Azure package.</summary>
public sealed class TriggerTests
{
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
