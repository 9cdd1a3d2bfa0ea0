using System.Text.Json.Serialization;
using Sluice.Domain.Plans;

namespace Sluice.Domain.Checklists;

/// <summary>One thing that must be done before a rollout goes on.</summary>
/// <param name="Name">What people read, and tick: unique in its list.</param>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(Person), "person")]
[JsonDerivedType(typeof(Smoke), "smoke")]
[JsonDerivedType(typeof(Metric), "metric")]
[JsonDerivedType(typeof(Condition), "condition")]
public abstract record ChecklistItem(string Name)
{
    /// <summary>Done when one of these says so.</summary>
    /// <param name="Name">What people tick.</param>
    /// <param name="By">Names or groups of whom each may tick it.</param>
    public sealed record Person(string Name, IReadOnlyList<string> By) : ChecklistItem(Name);

    /// <summary>Done while a suite passes.</summary>
    /// <param name="Name">What people read.</param>
    /// <param name="Suite">The checks.</param>
    public sealed record Smoke(string Name, SmokeSuite Suite) : ChecklistItem(Name);

    /// <summary>Done while a metric of all that the revision has answered is within its limit.</summary>
    /// <param name="Name">What people read.</param>
    /// <param name="Measured">Which metric.</param>
    /// <param name="Limit">The highest value that is good: a fraction for errors, seconds for latencies.</param>
    /// <param name="MinRequests">Fewer requests say nothing.</param>
    public sealed record Metric(string Name, MetricName Measured, double Limit, int MinRequests) : ChecklistItem(Name);

    /// <summary>Done while the last report of a condition says so.</summary>
    /// <param name="Name">What people read.</param>
    /// <param name="Reported">Name of the condition.</param>
    public sealed record Condition(string Name, string Reported) : ChecklistItem(Name);
}

/// <summary>Where an item stands, for people.</summary>
/// <param name="Name">Of the item.</param>
/// <param name="Done">Whether it is done.</param>
/// <param name="By">Who ticked it; null for an automatic one, and before.</param>
/// <param name="Note">What was said or found; null for nothing.</param>
public sealed record ChecklistItemState(string Name, bool Done, string? By = null, string? Note = null);
