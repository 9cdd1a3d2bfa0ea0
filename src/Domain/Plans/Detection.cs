namespace Sluice.Domain.Plans;

/// <summary>How soon a canary that fails outright is seen. Pure; <c>validate</c> prints it.</summary>
public static class Detection
{
    /// <summary>Above this a plan is warned about.</summary>
    public static TimeSpan Promised { get; } = TimeSpan.FromMinutes(2);

    /// <summary>Time between two looks at health and hard limits, unless a soak declares another.</summary>
    public static TimeSpan Glance { get; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The bound: health acts at the second look in a row that finds it wrong, and half of an interval may have been good, so two looks;
    /// and the numbers arrive after the source's delay.
    /// </summary>
    /// <param name="glance">Time between two looks at health and hard limits.</param>
    /// <param name="source">Where the numbers come from.</param>
    public static TimeSpan Within(TimeSpan glance, MetricsSpec source) => (2 * glance) + source.Delay;

    /// <summary>One line for each soak and hold of a plan.</summary>
    public static IReadOnlyList<string> Describe(Plan plan) =>
    [
        .. plan.Steps.Index().Select(s => (s.Index, s.Item, Glance: GlanceOf(s.Item)))
            .Where(s => s.Glance is not null && s.Item.Environment is not null)
            .Select(s => $"{s.Item.Environment}, {s.Item.Title}: a failing canary is seen within "
                + Durations.Format(Within(s.Glance!.Value, plan.Environment(s.Item.Environment!).Metrics))),
    ];

    private static TimeSpan? GlanceOf(Step step) => step switch
    {
        Step.Soak soak => soak.Glance,
        Step.Hold hold => hold.Glance,
        _ => null,
    };
}
