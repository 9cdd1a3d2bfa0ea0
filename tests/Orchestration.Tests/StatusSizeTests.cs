using Sluice.Domain.Checklists;
using Sluice.Domain.Rollouts;
using Sluice.Orchestration.Rollouts;

namespace Sluice.Orchestration.Tests;

/// <summary>Azure fails an instance whose custom status is too large: ours never is.</summary>
public sealed class StatusSizeTests
{
    [Theory]
    [InlineData("x")]
    [InlineData("界")]
    [InlineData("😀")]
    [InlineData("\"\\")]
    public void The_largest_status_fits(string character)
    {
        var long1 = string.Concat(Enumerable.Repeat(character, 5_000));
        var names = Enumerable.Range(0, 500).Select(n => $"{n}-{string.Concat(Enumerable.Repeat(character, 100))}").ToList();
        var largest = new RolloutStatus
        {
            Phase = Phase.Progressing,
            Outcome = Outcome.FastRolledBack,
            PauseReason = PauseReason.MetricsUnavailable,
            Message = long1,
            Service = new string('s', 60),
            Version = new string('v', 64),
            Environment = new string('e', 60),
            StableVersion = new string('v', 64),
            StepIndex = 19_999,
            StepCount = 20_000,
            Step = long1,
            Weight = 100,
            ActualWeight = 100,
            StepStartedAt = DateTimeOffset.MaxValue,
            WaitsUntil = DateTimeOffset.MaxValue,
            Leg = new string('l', 250),
            WaitingFor = names,
            ApprovedBy = names,
            Evidence = new string('f', 64),
            Items = [.. names.Take(30).Select((n, i) => new ChecklistItemState(n, i % 2 == 0, n, long1))],
            QueuePosition = 500,
            Emergency = long1,
        };

        var fitted = StatusSize.Fit(largest);

        Assert.InRange(StatusSize.Length(fitted), 1, StatusSize.MaxCharacters);
        Assert.NotEmpty(fitted.Message);
        Assert.NotEmpty(fitted.Items);
    }

    [Fact]
    public void A_status_that_fits_stays_as_it_is()
    {
        var status = new RolloutStatus { Phase = Phase.Healthy, Service = "api", Version = "v1.0.0", Message = "done", WaitingFor = ["ana"] };

        Assert.Equal(status, StatusSize.Fit(status));
    }
}
