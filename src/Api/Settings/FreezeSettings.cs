using Microsoft.Extensions.Configuration;
using Sluice.Domain.Freezes;

namespace Sluice.Api.Settings;

/// <summary>
/// When nothing moves forward, whatever a plan says; section <c>Freeze</c>, a window by its name:
/// <c>"weekend": { "TimeZone": "Europe/Berlin", "From": "fri 16:00", "To": "mon 08:00" }</c>.
/// </summary>
internal static class FreezeSettings
{
    private static readonly string[] Keys = ["TimeZone", "From", "To", "Environments", "OnStart", "OnRunning", "OverrideBy"];

    /// <summary>The windows; what is wrong with any of them is a fault.</summary>
    public static IReadOnlyList<FreezeWindow> Read(IConfigurationSection section, List<string> faults)
    {
        var windows = new List<FreezeWindow>();
        foreach (var entry in section.GetChildren())
        {
            foreach (var unknown in entry.GetChildren().Where(c => !Keys.Contains(c.Key, StringComparer.OrdinalIgnoreCase)))
            {
                faults.Add($"Freeze:{entry.Key}:{unknown.Key} is not a setting; a window has {string.Join(", ", Keys)}.");
            }

            var text = new FreezeWindowText { Name = entry.Key, TimeZone = entry["TimeZone"], From = entry["From"], To = entry["To"] };
            var wrong = text.Read(out var window);
            foreach (var (member, message, suggestion) in wrong)
            {
                faults.Add($"Freeze:{entry.Key}:{member}: {message}" + (suggestion is null ? "" : $" ({suggestion})"));
            }

            var onStart = Word<FreezeStart>(entry, "OnStart", faults);
            var onRunning = Word<FreezeAction>(entry, "OnRunning", faults);
            if (window is not null)
            {
                windows.Add(window with
                {
                    OnStart = onStart,
                    OnRunning = onRunning,
                    Environments = Names(entry.GetSection("Environments")),
                    OverrideBy = Names(entry.GetSection("OverrideBy")),
                });
            }
        }

        return windows;
    }

    private static T Word<T>(IConfigurationSection entry, string key, List<string> faults)
        where T : struct, Enum
    {
        var text = entry[key];
        if (string.IsNullOrEmpty(text))
        {
            return default;
        }

        if (Enum.GetNames<T>().Contains(text, StringComparer.OrdinalIgnoreCase))
        {
            return Enum.Parse<T>(text, ignoreCase: true);
        }

        faults.Add($"Freeze:{entry.Key}:{key} is one of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}, not '{text}'.");
        return default;
    }

    // A list, or one text, which is what an environment variable can say.
    private static string[] Names(IConfigurationSection section) => section.Value is { } text
        ? text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
        : [.. section.GetChildren().Select(c => c.Value).OfType<string>()];
}
