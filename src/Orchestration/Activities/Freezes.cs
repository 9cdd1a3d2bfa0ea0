using Sluice.Domain.Freezes;
using Sluice.Durable;

namespace Sluice.Orchestration.Activities;

/// <summary>Where and when somebody wants to move.</summary>
/// <param name="Windows">Of the plan.</param>
/// <param name="Environment">Where.</param>
/// <param name="At">When, UTC.</param>
public sealed record FreezeInput(IReadOnlyList<FreezeWindow> Windows, string Environment, DateTimeOffset At);

/// <summary>What holds it.</summary>
/// <param name="Windows">Those in force, the one that ends last first.</param>
public sealed record FreezeReport(IReadOnlyList<FreezeInForce> Windows);

/// <summary>Looks into the calendars of the plan and of the server.</summary>
public sealed class CheckFreezeActivity(RolloutOptions options) : IActivity<FreezeInput, FreezeReport>
{
    /// <inheritdoc/>
    public Task<FreezeReport> RunAsync(FreezeInput input, CancellationToken cancellationToken) =>
        Task.FromResult(new FreezeReport(FreezeCalendar.InForce([.. input.Windows, .. options.Freeze], input.Environment, input.At)));
}
