using Sluice.Catalog.Identity;

namespace Sluice.Catalog.Tests.Identity;

/// <summary>Ids that providers really use, and what they must and must not be merged into.</summary>
public sealed class TrickyIdentityTests
{
    [Fact]
    public void Example_1_one_model_under_the_names_of_five_shops()
    {
        string[] ids =
        [
            "anthropic/claude-haiku-4.5", "anthropic/claude-4.5-haiku-20251001", "claude-haiku-4-5@20251001",
            "us.anthropic.claude-haiku-4-5-20251001-v1:0",
        ];

        Assert.Equal(["claude-haiku|4.5"], ids.Select(Key).Append(BenchmarkName.Of("Claude 4.5 Haiku (Reasoning)").Key).Distinct());
        Assert.Equal("20251001", ModelIdentity.Of(ids[3], "amazon-bedrock").Version);
    }

    [Fact]
    public void Example_2_a_size_behind_a_colon_is_another_model_and_free_is_not()
    {
        Assert.NotEqual(Key("gpt-oss:20b"), Key("gpt-oss:120b"));
        Assert.Equal(Key("gpt-oss:120b"), Key("gpt-oss-120b:free"));
    }

    [Fact]
    public void Example_3_a_decimal_size_is_not_a_decimal_version() => Assert.NotEqual(Key("qwen3-1.7b"), Key("qwen3.1-7b"));

    [Fact]
    public void Example_4_two_dated_prices_are_two_versions_of_one_model()
    {
        Assert.Equal(Key("openai/gpt-4o"), Key("gpt-4o-2024-05-13"));
        Assert.Equal("20240513", ModelIdentity.Of("gpt-4o-2024-05-13", "openai").Version);
    }

    [Fact]
    public void Example_5_two_snapshots_share_the_key_and_keep_their_dates()
    {
        var (june, october) = (ModelIdentity.Of("claude-3-5-sonnet-20240620", "p"), ModelIdentity.Of("claude-3-5-sonnet-20241022", "p"));
        Assert.Equal(june.Key, october.Key);
        Assert.NotEqual(june.Version, october.Version);
    }

    [Fact]
    public void Example_6_month_and_day_alone_are_other_weights()
    {
        Assert.NotEqual(Key("deepseek-r1"), Key("deepseek-r1-0528"));
        Assert.NotEqual(Key("kimi-k2"), Key("kimi-k2-0905"));
    }

    [Fact]
    public void Example_7_thinking_in_the_name_is_a_model_and_behind_a_colon_a_mode()
    {
        Assert.NotEqual(Key("qwen3-235b-a22b-2507"), Key("qwen3-235b-a22b-thinking-2507"));
        Assert.Equal(Key("claude-opus-4.6"), Key("claude-opus-4.6:thinking:low"));
        Assert.Equal(Key("qwen-plus"), Key("qwen-plus-2025-07-28:thinking"));
    }

    [Fact]
    public void Example_8_five_efforts_are_one_model()
    {
        string[] names = ["GPT-5.5 (xhigh)", "GPT-5.5 (high)", "GPT-5.5 (medium)", "GPT-5.5 (low)", "GPT-5.5 (Non-reasoning)"];

        Assert.Equal(["gpt|5.5"], names.Select(name => BenchmarkName.Of(name).Key).Distinct());
        Assert.Equal(["xhigh", "high", "medium", "low", "Non-reasoning"], names.Select(name => BenchmarkName.Of(name).Effort));
    }

    [Theory]
    [InlineData("GPT-4o (Nov '24)", "4o-gpt-nov|24", null)]
    [InlineData("Qwen3 8B (MAX effort) (Fallback)", "8b-qwen|3", "MAX effort, Fallback")]
    [InlineData("Grok 4 (minimal)", "grok|4", "minimal")]
    [InlineData("Grok 4 (thinking) beta", "beta-grok-thinking|4", null)]
    public void Parentheses_that_say_nothing_of_effort_stay(string name, string key, string? effort) =>
        Assert.Equal(new BenchmarkName(key, effort), BenchmarkName.Of(name));

    [Fact]
    public void Example_10_a_moving_alias_is_its_own_key() => Assert.NotEqual(Key("deepseek-chat"), Key("deepseek-v3.2"));

    [Fact]
    public void Example_12_the_same_weights_under_five_wrappings()
    {
        string[] ids = ["TEE/kimi-k2.6", "moonshotai/Kimi-K2.6-TEE", "Pro/moonshotai/Kimi-K2.6", "hf:moonshotai/Kimi-K2.6", "moonshotai/Kimi-K2_6"];

        Assert.Equal(["k-kimi|2.6"], ids.Select(Key).Distinct());
    }

    [Fact]
    public void Example_13_a_copy_of_the_weights_is_the_same_model() =>
        Assert.Equal(Key("meta-llama/Llama-3.3-70B-Instruct"), Key("unsloth/Llama-3.3-70B-Instruct"));

    [Fact]
    public void Example_14_azure_leaves_the_dot_out() => Assert.Equal(Key("gpt-3.5-turbo"), Key("gpt-35-turbo"));

    [Theory]
    [InlineData("deepseek.r1-v1:0", "deepseek-r1")]
    [InlineData("claude-opus-4-0", "claude-opus-4")]
    [InlineData("claude-sonnet-4-0", "claude-sonnet-4")]
    [InlineData("kimi-k2-instruct", "kimi-k2")]
    public void Splits_that_people_found_are_joined_by_the_reviewed_table_only(string id, string same)
    {
        Assert.NotEqual(Key(id), Key(same));
        Assert.Equal(ModelAliases.Resolve(Key(same)), ModelAliases.Resolve(Key(id)));
    }

    [Fact]
    public void No_reviewed_pair_leads_to_another_or_to_itself() =>
        Assert.Empty(ModelAliases.All.Values.Intersect(ModelAliases.All.Keys));

    [Theory]
    [InlineData("openai/gpt-4o", "openai")]
    [InlineData("~x-ai/grok-latest", "xai")]
    [InlineData("workers-ai/@cf/meta/llama", "meta")]
    [InlineData("hf:moonshotai/Kimi-K2.6", "moonshot")]
    [InlineData("Qwen/Qwen3-8B", "alibaba")]
    [InlineData("Sao10K/Stheno", "sao10k")]
    [InlineData("gpt-4o", null)]
    public void The_lab_stands_before_the_model(string id, string? lab) => Assert.Equal(lab, Labs.OfId(id));

    [Fact]
    public void A_wrapping_is_no_lab() => Assert.Null(Labs.OfId("TEE/kimi-k2.6", onlyKnown: true));

    private static string Key(string id) => ModelIdentity.Of(id, "p").Key;
}
