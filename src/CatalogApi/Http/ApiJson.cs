using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Sluice.CatalogApi;

/// <summary>Every answer's JSON, compiled ahead. Nulls are written: a price that is not known is there, and null.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ModelResource))]
[JsonSerializable(typeof(ModelList))]
[JsonSerializable(typeof(ModelQuery))]
[JsonSerializable(typeof(ModelDetail))]
[JsonSerializable(typeof(Comparison))]
[JsonSerializable(typeof(PriceHistory))]
[JsonSerializable(typeof(HealthReport))]
[JsonSerializable(typeof(DeepHealthReport))]
[JsonSerializable(typeof(CacheRefreshed))]
[JsonSerializable(typeof(Problem))]
internal sealed partial class ApiJson : JsonSerializerContext
{
    private static ApiJson? _wire;

    /// <summary>Text as people write it: the answers are JSON documents, never parts of HTML.</summary>
    /// <remarks>Made at first use: the generated half of this class may initialise its statics later.</remarks>
    public static ApiJson Wire =>
        _wire ??= new(new JsonSerializerOptions(Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
