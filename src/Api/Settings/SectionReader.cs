using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration;

namespace Sluice.Api.Settings;

/// <summary>Binds one section to its class and says all that does not fit; the framework's binder stops at the first and passes over unknown names.</summary>
internal static class SectionReader
{
    public static T Read<T>(IConfiguration configuration, string name, List<string> faults)
        where T : new()
    {
        var settings = new T();
        var properties = typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(p => p.CanWrite).ToList();
        foreach (var entry in configuration.GetSection(name).GetChildren())
        {
            var property = properties.FirstOrDefault(p => p.Name.Equals(entry.Key, StringComparison.OrdinalIgnoreCase));
            if (property is null)
            {
                faults.Add($"{name}:{entry.Key} is not a setting; {name} has {string.Join(", ", properties.Select(p => p.Name))}.");
            }
            else if (property.GetValue(settings) is Dictionary<string, int> numbers)
            {
                foreach (var item in entry.GetChildren())
                {
                    if (int.TryParse(item.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value))
                    {
                        numbers[item.Key] = value;
                    }
                    else
                    {
                        faults.Add($"{name}:{entry.Key}:{item.Key} is a whole number, not '{item.Value}'.");
                    }
                }
            }
            else if (string.IsNullOrEmpty(entry.Value))
            {
                continue;
            }
            else if (property.PropertyType == typeof(string))
            {
                property.SetValue(settings, entry.Value);
            }
            else if (property.PropertyType == typeof(bool) && bool.TryParse(entry.Value, out var flag))
            {
                property.SetValue(settings, flag);
            }
            else if (property.PropertyType == typeof(int) && int.TryParse(entry.Value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
            {
                property.SetValue(settings, number);
            }
            else
            {
                faults.Add($"{name}:{entry.Key} is {(property.PropertyType == typeof(bool) ? "true or false" : "a whole number")}, not '{entry.Value}'.");
            }
        }

        return settings;
    }
}
